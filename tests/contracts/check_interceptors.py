"""Run by test_contracts.py: interceptors, good ones and faulty ones."""

from __future__ import annotations

import json
import threading

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.plugin import Answer, Interceptor, Kind, Message, Payload
from seldon_runtime.testing import InterceptorContract

FIRST = Message(Payload(Kind.STR, "the first"))


class Passing(Interceptor):
    """An interceptor without fault."""

    def __init__(self, service):
        self.service = service


class PassingContract(InterceptorContract):
    interceptor_type = Passing

    def make_interceptor(self, service):
        return self.interceptor_type(service)


class TestPassing(PassingContract):
    """The whole contract."""


class Weighing(Passing):
    """Changes answers, and says so."""

    def after(self, call, answer):
        meta = answer.meta
        return Message(answer.payload, type(meta)(meta.puid, {**meta.tags, "weighed": True}))


class TestWeighing(PassingContract):
    interceptor_type = Weighing
    passes_unchanged = False


def found_by(*tests):
    """Adds a class of tests for the fault: these have to fail."""

    def add(fault):
        only = tuple(f"test_{test}" for test in tests)
        members = {"interceptor_type": fault, "only": only}
        globals()[f"Test_{fault.__name__}"] = type(fault.__name__, (PassingContract,), members)
        return fault

    return add


@found_by("every_call_is_answered_on_its_wire", "calls_that_wait_together_are_all_answered")
class AnswersText(Passing):
    def after(self, call, answer):
        return "[]"


@found_by("answers_are_the_components", "calls_of_many_clients_are_not_mixed_up")
class CachesByMethod(Passing):
    def before(self, call, request):
        return Answer(FIRST)


@found_by("errors_are_the_components", "a_failure_of_user_code_stays_one")
class WrapsErrors(Passing):
    def finished(self, call, error):
        if error is not None:
            error.code, error.message = ErrorCode.UNAVAILABLE, "it failed"


@found_by("a_malformed_request_is_the_callers_fault")
class ParsesItself(Passing):
    def admit(self, call):
        if call.wire is not None:
            json.loads(call.wire)["strData"]


@found_by("a_call_with_the_least_of_fields_has_an_outcome")
class WantsAHeader(Passing):
    def before(self, call, request):
        call.headers["authorization"]
        return request


@found_by("a_wire_that_is_parsed_already_is_fine")
class WantsBytes(Passing):
    def before(self, call, request):
        if call.wire is not None:
            call.wire.decode()
        return request


@found_by("calls_of_an_event_loop_are_answered")
class Twice(Passing):
    def before(self, call, request):
        if threading.current_thread() is not threading.main_thread() and int(request.payload.value):
            raise ValueError("only zero")
        return request


@found_by("it_can_be_started_and_stopped")
class WantsAPort(Passing):
    def start(self):
        raise OSError("no port")


@found_by("refused_calls_leave_nothing_taken")
class TakesPlaces(Passing):
    def __init__(self, service):
        super().__init__(service)
        self.taken = 0

    def admit(self, call):
        self.taken += 1
        if self.taken > 100:
            raise SeldonError("all places are taken", code=ErrorCode.RATE_LIMITED)

    def after(self, call, answer):
        self.taken -= 1
        return answer


@found_by("a_dropped_call_reaches_neither_it_nor_the_component")
class Revives(Passing):
    def admit(self, call):
        call.cancelled = False


@found_by("a_failure_does_not_disturb_the_next_call")
class Sulks(Passing):
    failed = False

    def after(self, call, answer):
        return FIRST if self.failed else answer

    def finished(self, call, error):
        self.failed = self.failed or error is not None


@found_by("no_call_is_held_on_to_once_it_is_answered")
class KeepsCalls(Passing):
    def __init__(self, service):
        super().__init__(service)
        self.kept = []

    def admit(self, call):
        self.kept.append(call)


@found_by("the_items_of_a_stream_are_the_predictors")
class WantsWholeAnswers(Passing):
    def after_item(self, call, item):
        return FIRST


@found_by("it_can_be_started_and_stopped")
class NeverStops(Passing):
    def stop(self, grace_s):
        threading.Event().wait()
