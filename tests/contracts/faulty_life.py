"""Transports with one fault each: when busy, at their start and end, in processes."""

from __future__ import annotations

import logging
import socket
import threading
import time

from faults import found_by
from wire import LOOK_S, Wire

_never = threading.Event()


# load


@found_by(
    "clients_wait_together_for_a_busy_component",
    "beyond_the_queue_calls_are_refused_at_once",
    "calls_of_an_async_method_are_under_way_together",
)
class OneAtATime(Wire):
    def __init__(self, service, settings, sockets):
        super().__init__(service, settings, sockets)
        self.lock = threading.Lock()

    def ask(self, asked, size, connection):
        with self.lock:
            return super().ask(asked, size, connection)


@found_by("more_calls_than_the_queue_holds_are_all_answered_in_the_end")
class Sheds(Wire):
    sheds_load = False


@found_by("beyond_the_queue_calls_are_refused_at_once")
class NeverRefuses(Wire):
    def outcome(self, call, connection):
        while self.service.executor.waiting >= self.service.executor.queue_size:
            time.sleep(LOOK_S)
        return super().outcome(call, connection)


@found_by("beyond_the_memory_budget_calls_are_refused_and_small_ones_go_on")
class KeepsCalls(Wire):
    def __init__(self, service, settings, sockets):
        super().__init__(service, settings, sockets)
        self.kept = []

    def outcome(self, call, connection):
        self.kept.append(call)
        return super().outcome(call, connection)


@found_by(
    "a_call_whose_deadline_passes_while_it_waits_is_never_run",
    "an_async_call_whose_deadline_passes_is_cancelled",
    "the_deadline_counts_for_the_whole_stream",
)
class NoDeadline(Wire):
    def deadline(self, timeout_s):
        return None

    def watch(self, call, connection):  # a client that has given up would cancel the call
        pass


@found_by("a_call_with_time_left_is_run")
class WrongClock(Wire):
    def deadline(self, timeout_s):
        return timeout_s


@found_by("a_call_whose_client_has_gone_is_never_run", "an_async_call_whose_client_has_gone_is_cancelled")
class NeverLooks(Wire):
    def watch(self, call, connection):
        pass


@found_by("health_is_answered_while_the_component_is_busy", "readiness_is_told_while_the_component_is_busy")
class HealthInLine(Wire):
    def ask(self, asked, size, connection):
        if asked["ask"] in ("ready", "health_status"):
            self.service.executor.run(lambda: None)
        return super().ask(asked, size, connection)


@found_by("a_failing_call_does_not_harm_those_that_wait")
class OneFailsAllFail(Wire):
    def refusal(self, error):
        for connection in list(self.connections.values()):
            connection.shutdown(socket.SHUT_RDWR)
        return super().refusal(error)


# life


@found_by("its_name_is_that_of_its_entry_point")
class OtherName(Wire):
    name = "other"


@found_by("its_address_tells_where_it_is")
class PortZero(Wire):
    address = "wire://127.0.0.1:0"


@found_by("nothing_runs_before_it_is_started")
class Impatient(Wire):
    def __init__(self, service, settings, sockets):
        super().__init__(service, settings, sockets)
        super().start()

    def start(self):
        pass


@found_by("it_is_ready_when_the_service_is")
class AlwaysReady(Wire):
    def ask(self, asked, size, connection):
        return b"true" if asked["ask"] == "ready" else super().ask(asked, size, connection)


@found_by(
    "accepted_calls_are_answered_while_it_drains",
    "an_open_stream_is_finished_while_it_drains",
    "no_call_is_lost_when_the_process_is_asked_to_end",
    "no_call_is_lost_when_two_workers_are_asked_to_end",
)
class HangsUp(Wire):
    def stop_accepting(self):
        super().stop_accepting()
        for connection in list(self.connections.values()):
            connection.shutdown(socket.SHUT_RDWR)


@found_by("once_it_stops_accepting_calls_are_refused_and_not_run")
class NeverCloses(Wire):
    def stop_accepting(self):
        pass


@found_by("a_stuck_call_does_not_keep_it_from_stopping")
class WaitsForTheComponent(Wire):
    """Its clients have their answers at their deadlines; the component itself may never end."""

    def stop(self, grace_s):
        super().stop(1e6)
        while self.service.executor.longest_s():
            time.sleep(LOOK_S)


@found_by("it_leaves_no_thread_behind")
class LeavesAThread(Wire):
    def start(self):
        super().start()
        threading.Thread(target=_never.wait, daemon=True).start()


@found_by("a_call_that_ends_after_it_has_stopped_harms_nobody")
class TakesNoLateAnswer(Wire):
    stopped = False

    def outcome(self, call, connection):
        submit = self.service.submit

        def done(answer, error):
            assert not self.stopped
            answered(answer, error)

        def spy(call, given):
            nonlocal answered
            answered = given
            submit(call, done)

        answered = None
        self.service.submit = spy
        return super().outcome(call, connection)

    def stop(self, grace_s):
        self.stopped = True
        super().stop(grace_s)


@found_by(
    "a_place_that_is_taken_stops_the_start_and_names_the_setting",
    "a_place_that_is_taken_ends_the_process_with_3_and_one_message",
)
class NamesNoSetting(Wire):
    setting = "luck"

    def start(self):
        try:
            super().start()
        except Exception as error:
            raise OSError("in use") from error


@found_by("a_place_can_be_taken_again", "it_leaves_no_thread_behind")
class KeepsItsPlace(Wire):
    def stop_accepting(self):
        self.kept = self.listener.dup()
        super().stop_accepting()
        threading.Thread(target=lambda: (_never.wait(), self.kept), daemon=True).start()


@found_by("it_leaves_the_listening_socket_of_other_workers_non_blocking")
class MakesTheSocketBlocking(Wire):
    def accept(self):
        self.listener.setblocking(True)
        self.listener.setblocking(False)
        super().accept()


@found_by("every_setting_has_flag_variable_and_help", envvar=None)
class SettingWithoutVariable(Wire):
    pass


# processes


@found_by("a_whole_life_warns_of_nothing")
class LogsAnError(Wire):
    def stop(self, grace_s):
        super().stop(grace_s)
        logging.getLogger("wire").error("something went wrong")


@found_by("check_loads_everything_and_serves_nothing", "nothing_runs_before_it_is_started")
class StartsAtOnce(Wire):
    def __init__(self, service, settings, sockets):
        super().__init__(service, settings, sockets)
        threading.Thread(target=_never.wait, args=(20,)).start()


@found_by("another_transport_can_be_served_beside_it")
class WantsToBeAlone(Wire):
    def start(self):
        if len(self.settings.transports) > 1:
            raise RuntimeError("there is another")
        super().start()


@found_by("two_workers_answer", "a_killed_worker_is_replaced_at_the_same_address")
class OneWorkerOnly(Wire):
    def accept(self):
        if self.settings.worker.index == 0:
            super().accept()


@found_by("a_killed_worker_is_replaced_at_the_same_address")
class NoSecondLife(Wire):
    def accept(self):
        if not self.settings.worker.restarts:
            super().accept()


@found_by("it_leaves_no_thread_behind")
class HangsAtStop(Wire):
    def stop(self, grace_s):
        super().stop(grace_s)
        _never.wait()
