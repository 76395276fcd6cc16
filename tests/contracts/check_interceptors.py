"""Run by test_contracts.py: interceptors, good ones and faulty ones."""

from __future__ import annotations

import json
import threading

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.testing import InterceptorContract


class Passing:
    """An interceptor without fault."""

    def __init__(self, service):
        self.service = service

    def intercept(self, call, proceed):
        return proceed(call)


class PassingContract(InterceptorContract):
    interceptor_type = Passing

    def make_interceptor(self, service):
        return self.interceptor_type(service)


class TestPassing(PassingContract):
    """All of the contract."""


class Weighing(Passing):
    """Changes answers, and says so."""

    def intercept(self, call, proceed):
        answer = json.loads(proceed(call))
        return json.dumps({**answer, "weighed": True}).encode()


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
    def intercept(self, call, proceed):
        proceed(call)
        return "[]"


@found_by("answers_are_the_components", "calls_of_many_clients_are_not_mixed_up")
class CachesByMethod(Passing):
    def __init__(self, service):
        super().__init__(service)
        self.answers = {}

    def intercept(self, call, proceed):
        if call.method not in self.answers:
            self.answers[call.method] = b'{"strData": "the first"}'
        return self.answers[call.method]


@found_by("errors_are_the_components", "a_failure_of_user_code_stays_one")
class WrapsErrors(Passing):
    def intercept(self, call, proceed):
        try:
            return proceed(call)
        except SeldonError as error:
            raise SeldonError("it failed", code=ErrorCode.UNAVAILABLE) from error


@found_by("a_request_that_is_none_is_the_callers_fault")
class ParsesItself(Passing):
    def intercept(self, call, proceed):
        if call.wire is not None:
            json.loads(call.wire)["strData"]
        return proceed(call)


@found_by("a_call_that_says_nothing_but_the_least_has_an_outcome")
class WantsAHeader(Passing):
    def intercept(self, call, proceed):
        call.headers["authorization"]
        return proceed(call)


@found_by("a_wire_that_is_parsed_already_is_fine")
class WantsBytes(Passing):
    def intercept(self, call, proceed):
        if call.wire is not None:
            call.wire.decode()
        return proceed(call)


@found_by("calls_of_an_event_loop_are_answered")
class Twice(Passing):
    def intercept(self, call, proceed):
        if threading.current_thread() is not threading.main_thread() and int(
            json.loads(call.wire)["strData"]
        ):
            raise ValueError("only zero")
        return proceed(call)


@found_by("a_dropped_call_reaches_neither_it_nor_the_component")
class Revives(Passing):
    def __init__(self, service):
        submit = service.submit

        def revive(call, done):
            call.cancelled = False
            submit(call, done)

        service.submit = revive


@found_by("a_failure_does_not_disturb_the_next_call")
class Sulks(Passing):
    failed = False

    def intercept(self, call, proceed):
        try:
            answer = proceed(call)
        except SeldonError:
            self.failed = True
            raise
        return b'{"strData": "no more"}' if self.failed else answer


@found_by("no_call_is_held_on_to_once_it_is_answered")
class KeepsCalls(Passing):
    def __init__(self, service):
        super().__init__(service)
        self.kept = []

    def intercept(self, call, proceed):
        self.kept.append(call)
        return proceed(call)
