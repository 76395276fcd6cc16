"""Run by test_contracts.py: batchers, a good one and faulty ones."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import replace

import numpy as np

from seldon_runtime import SeldonError
from seldon_runtime.plugin import DATA_KINDS, NO_META, Batcher, Message, Method
from seldon_runtime.testing import BatcherContract


class Stacking(Batcher):
    """A batcher without fault."""

    max_size = 4

    def __init__(self, service):
        self.service = service

    def group(self, call):
        return "rows" if call.method is Method.PREDICT else None

    def predict(self, method, requests, predict):
        alike = defaultdict(list)
        for place, request in enumerate(requests):
            alike[self.layout(request) or place].append(place)
        answers = {}
        for places in alike.values():
            found = self.together(method, [requests[place] for place in places], predict)
            answers.update(zip(places, found, strict=True))
        return [answers[place] for place in range(len(requests))]

    def layout(self, request):
        payload = request.payload
        if payload.kind not in DATA_KINDS or payload.value.ndim < 2 or request.meta != NO_META:
            return None
        return payload.kind, payload.value.dtype.str, payload.value.shape[1:], repr(payload.names)

    def together(self, method, requests, predict):
        if len(requests) == 1:
            return [self.alone(method, requests[0], predict)]
        values = [request.payload.value for request in requests]
        stacked = Message(replace(requests[0].payload, value=np.concatenate(values)))
        answer = self.alone(method, stacked, predict)
        if self.has_rows(answer, sum(map(len, values))):
            return self.parts(answer, list(map(len, values)))
        return [self.alone(method, request, predict) for request in requests]

    def has_rows(self, answer, rows):
        if not isinstance(answer, Message) or answer.payload.kind not in DATA_KINDS:
            return False
        return len(answer.payload.value) == rows

    def parts(self, answer, sizes):
        ends = np.cumsum(sizes)[:-1]
        return [
            replace(answer, payload=replace(answer.payload, value=part))
            for part in np.split(answer.payload.value, ends)
        ]

    def alone(self, method, request, predict):
        try:
            return predict(method, request)
        except SeldonError as error:
            return error


class StackingContract(BatcherContract):
    batcher_type = Stacking

    def make_batcher(self, service):
        return self.batcher_type(service)


class TestStacking(StackingContract):
    """The whole contract."""


def found_by(*tests):
    """Adds a class of tests for the fault: these have to fail."""

    def add(fault):
        only = tuple(f"test_{test}" for test in tests)
        members = {"batcher_type": fault, "only": only}
        globals()[f"Test_{fault.__name__}"] = type(fault.__name__, (StackingContract,), members)
        return fault

    return add


@found_by("its_sizes_are_valid")
class WithoutSize(Stacking):
    max_size = 0


@found_by("calls_that_wait_share_a_call_of_the_method")
class NeverStacks(Stacking):
    def layout(self, request):
        return None


@found_by("whatever_waits_together_has_the_answers_that_it_has_alone")
class IgnoresTypes(Stacking):
    def layout(self, request):
        layout = super().layout(request)
        return layout and (layout[0], *layout[2:])


@found_by("a_call_alone_is_answered")
class WantsCompany(Stacking):
    def together(self, method, requests, predict):
        if len(requests) == 1:
            raise ValueError("expected more requests")
        return super().together(method, requests, predict)


@found_by("meta_is_each_callers_own")
class SharesMeta(Stacking):
    def layout(self, request):
        if request.payload.kind not in DATA_KINDS:
            return None
        return super().layout(Message(request.payload))

    def together(self, method, requests, predict):
        first = requests[0].meta
        return [
            replace(answer, meta=first) if isinstance(answer, Message) else answer
            for answer in super().together(method, requests, predict)
        ]


@found_by("a_request_that_fails_does_not_fail_the_others")
class FailsAll(Stacking):
    def alone(self, method, request, predict):
        return predict(method, request)


@found_by("a_malformed_request_fails_alone")
class ParsesItself(Stacking):
    def group(self, call):
        return len(json.loads(call.wire))


@found_by("answers_without_a_row_for_each_row_are_not_mixed_up")
class TakesWhatThereIs(Stacking):
    def has_rows(self, answer, rows):
        return isinstance(answer, Message)

    def parts(self, answer, sizes):
        return [answer for _ in sizes]


@found_by("calls_of_every_method_have_the_answers_that_they_have_alone")
class EveryMethod(Stacking):
    def group(self, call):
        return "rows"


@found_by("arrays_by_name_have_the_answers_that_they_have_alone")
class WantsOneArray(Stacking):
    def layout(self, request):
        return super().layout(request) if request.payload.value.ndim else None


@found_by("calls_of_an_async_class_have_the_answers_that_they_have_alone")
class WantsTheThread(Stacking):
    def predict(self, method, requests, predict):
        assert self.service.executor.is_current
        return super().predict(method, requests, predict)


@found_by("a_method_that_yields_is_answered")
class WantsWholeAnswers(Stacking):
    def has_rows(self, answer, rows):
        return len(answer.payload.value) == rows


@found_by("calls_of_many_clients_are_not_mixed_up")
class CachesByShape(Stacking):
    def __init__(self, service):
        super().__init__(service)
        self.answers = {}

    def alone(self, method, request, predict):
        key = request.payload.value.shape
        return self.answers.setdefault(key, super().alone(method, request, predict))


@found_by("cancelled_calls_change_no_other_answer")
class RemembersTheOrder(Stacking):
    """Expects the calls of a batch in the order in which it has seen them."""

    def __init__(self, service):
        super().__init__(service)
        self.lock = threading.Lock()
        self.seen = []

    def group(self, call):
        group = super().group(call)
        if group is not None:
            with self.lock:
                self.seen.append(call)
        return group

    def predict(self, method, requests, predict):
        with self.lock:
            calls = [self.seen.pop(0) for _ in requests]
        own = [call.codec.read(method, call.wire) for call in calls]
        return super().predict(method, own, predict)


@found_by("no_request_is_held_on_to_once_it_is_answered")
class KeepsRequests(Stacking):
    def __init__(self, service):
        super().__init__(service)
        self.kept = []

    def predict(self, method, requests, predict):
        self.kept += requests
        return super().predict(method, requests, predict)
