"""Run by test_contracts.py: observers, a good one and faulty ones."""

from __future__ import annotations

import threading
import time

from seldon_runtime import ErrorCode
from seldon_runtime.plugin import Lifecycle, Method, Observer
from seldon_runtime.testing import ObserverContract


class Counting(Observer):
    """An observer without fault."""

    def __init__(self):
        self.calls = 0
        self.lock = threading.Lock()

    def call_finished(self, call, outcome):
        with self.lock:
            self.calls += 1


class CountingContract(ObserverContract):
    observer_type = Counting

    def make_observer(self):
        return self.observer_type()

    def calls_seen(self, observer):
        return observer.calls


class TestCounting(CountingContract):
    """The whole contract."""


def found_by(*tests):
    """Adds a class of tests for the fault: these have to fail."""

    def add(fault):
        only = tuple(f"test_{test}" for test in tests)
        members = {"observer_type": fault, "only": only}
        globals()[f"Test_{fault.__name__}"] = type(fault.__name__, (CountingContract,), members)
        return fault

    return add


@found_by("every_method_is_taken")
class OnlyPredicts(Counting):
    def call_finished(self, call, outcome):
        if call.method is not Method.PREDICT:
            raise ValueError(call.method)
        super().call_finished(call, outcome)


@found_by("every_error_is_taken")
class KnowsTwoErrors(Counting):
    def call_finished(self, call, outcome):
        if outcome.error and outcome.error.code not in (ErrorCode.BAD_DATA, ErrorCode.COMPONENT_FAILED):
            raise ValueError(outcome.error.code)
        super().call_finished(call, outcome)


@found_by("a_failure_of_user_code_is_taken")
class EncodesMessages(Counting):
    def call_finished(self, call, outcome):
        if outcome.error:
            outcome.error.message.encode()
        super().call_finished(call, outcome)


@found_by("every_reward_is_taken")
class WholeRewards(Counting):
    def call_finished(self, call, outcome):
        int(call.reward or 0)
        super().call_finished(call, outcome)


@found_by("every_custom_metric_is_taken")
class PlainKeys(Counting):
    def call_finished(self, call, outcome):
        for metric in call.metrics:
            metric.key.encode("ascii")
        super().call_finished(call, outcome)


@found_by("odd_times_and_sizes_are_taken")
class Rates(Counting):
    def call_finished(self, call, outcome):
        call.request_bytes / outcome.ran_s
        super().call_finished(call, outcome)


@found_by("a_whole_life_is_taken_and_calls_after_it_too")
class EndsForGood(Counting):
    stopped = False

    def lifecycle_changed(self, state):
        self.stopped = state is Lifecycle.STOPPED

    def call_finished(self, call, outcome):
        if self.stopped:
            raise ValueError("too late")
        super().call_finished(call, outcome)


@found_by("a_call_that_starts_is_taken")
class StartsOnlyPredicts(Counting):
    def call_started(self, call):
        raise ValueError(call.method)


@found_by("it_can_be_started_and_stopped")
class StopsInAHurry(Counting):
    def stop(self, grace_s):
        raise ValueError(grace_s)


@found_by("saves_are_taken")
class AddsUpErrors(Counting):
    def state_saved(self, record):
        if record.error:
            raise ValueError(record.error)


@found_by("it_may_be_told_by_many_threads_at_once")
class Unlocked(Counting):
    def call_finished(self, call, outcome):
        calls = self.calls
        time.sleep(0)
        self.calls = calls + 1


@found_by("it_sees_every_call_of_a_service_once_also_those_that_fail")
class CountsSuccesses(Counting):
    def call_finished(self, call, outcome):
        if outcome.error is None:
            super().call_finished(call, outcome)


@found_by("a_service_with_it_answers_as_without_it_and_logs_no_fault")
class RaisesAtReady(Counting):
    def lifecycle_changed(self, state):
        if state is Lifecycle.READY:
            raise ValueError(state)


@found_by("a_call_that_was_dropped_is_taken")
class KnowsNoDropping(Counting):
    def call_finished(self, call, outcome):
        if outcome.error and outcome.error.code is ErrorCode.CANCELLED:
            raise ValueError("dropped")
        super().call_finished(call, outcome)


@found_by("two_of_them_do_not_disturb_each_other")
class SharesItsCount(Counting):
    calls = 0
    lock = threading.Lock()

    def __init__(self):
        pass

    def call_finished(self, call, outcome):
        with self.lock:
            SharesItsCount.calls += 1
