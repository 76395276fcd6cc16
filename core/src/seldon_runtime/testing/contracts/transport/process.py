"""The tests of a transport in ``seldon-run`` processes: alone, with several workers, under signals."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.inference.method import Method
from seldon_runtime.testing.contracts.transport.subject import CallFailed, TransportSubject
from seldon_runtime.testing.processes import Process, Starter
from seldon_runtime.testing.waiting import WAIT_S, Background, wait_until

_SOURCE = """
    import os
    import time

    class Recording:
        def __init__(self):
            self.file = os.open("ran.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def predict(self, X, features_names):
            if X == "who":
                return str(os.getpid())
            os.write(self.file, X.encode() + b"\\n")
            time.sleep(0.01)  # so that some calls are always waiting
            return X
"""
_CLIENTS = 8
_CALLS = 100


class TransportProcess(TransportSubject):
    """Part of :class:`TransportContract`."""

    def run(self, seldon_run: Starter, folder: Path, *words: str, **options: Any) -> Process:
        """Start ``seldon-run`` with a component that records its calls."""
        return seldon_run(
            *("Recording", self.transport, "--metrics", "0", *self.words(folder), *words),
            source=_SOURCE,
            **options,
        )

    def address_of(self, process: Process) -> str:
        """Return the address of this transport in the process."""
        return process.addresses[self.transport]

    def pid_at(self, address: str) -> int | None:
        """Return the id of the process that answers; None when the call failed."""
        try:
            answer = self.call(address, Method.PREDICT, {"strData": "who"}, WAIT_S)
        except (OSError, CallFailed):
            return None
        return int(answer["strData"])

    def assert_no_call_is_lost(self, process: Process, folder: Path) -> None:
        """Check that exactly the calls that ran were answered, while clients call and the process ends."""
        address = self.address_of(process)
        timeout_s = WAIT_S if self.sheds_load else self.patience_s  # a queue refuses none
        enough = threading.Semaphore(0)
        ended = threading.Event()

        def client(number: int) -> list[str]:
            answered: list[str] = []
            while not ended.is_set():
                text = f"{number}-{len(answered)}"
                try:
                    answer = self.call(address, Method.PREDICT, {"strData": text}, timeout_s)
                except CallFailed as failed:
                    assert failed.reason == "MICROSERVICE_UNAVAILABLE"  # noqa: PT017 - the only refusal
                    break
                except OSError:
                    break
                assert answer["strData"] == text
                answered.append(text)
                enough.release()
            return answered

        clients = [Background(lambda number=number: client(number)) for number in range(_CLIENTS)]  # type: ignore[misc]
        for _ in range(_CALLS):
            assert enough.acquire(timeout=WAIT_S), [client.outcome for client in clients if client.done]
        process.terminate()
        assert process.wait() == 0
        ended.set()
        outcomes = [client.outcome for client in clients]
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        answered = sorted(text for outcome in outcomes for text in outcome)
        assert sorted(folder.joinpath("ran.txt").read_text().split()) == answered

    def test_a_whole_life_warns_of_nothing(self, seldon_run: Starter, tmp_path: Path) -> None:
        process = self.run(seldon_run, tmp_path, env={"PYTHONDEVMODE": "1"})
        answer = self.call(self.address_of(process), Method.PREDICT, {"strData": "text"}, WAIT_S)
        assert answer["strData"] == "text"
        assert process.stop() == 0
        for word in ("Traceback", "Warning", "ERROR"):
            assert word not in process.log

    def test_no_call_is_lost_when_the_process_is_asked_to_end(
        self, seldon_run: Starter, tmp_path: Path
    ) -> None:
        self.assert_no_call_is_lost(self.run(seldon_run, tmp_path), tmp_path)

    def test_a_place_that_is_taken_ends_the_process_with_3_and_one_message(
        self, seldon_run: Starter, tmp_path: Path
    ) -> None:
        if self.shares_places:
            pytest.skip(f"several may serve {self.transport} at one place")
        first = self.run(seldon_run, tmp_path)
        words = self.words_at(self.address_of(first), tmp_path)
        second = self.run(seldon_run, tmp_path, *words, wait=False)
        assert second.wait() == 3
        assert "Traceback" not in second.log, "raise the StartupError from None: its cause would be shown"
        assert re.search("^seldon-run: .*--", second.log, re.M)
        assert self.pid_at(self.address_of(first)) == first.process.pid

    def test_check_loads_everything_and_serves_nothing(self, seldon_run: Starter, tmp_path: Path) -> None:
        process = self.run(seldon_run, tmp_path, "--check", wait=False)
        assert process.wait() == 0
        assert f"{self.transport} would be served at " in process.log

    def test_another_transport_can_be_served_beside_it(
        self, seldon_run: Starter, tmp_path: Path, install: Callable[..., Path]
    ) -> None:
        site = install("acme-silent", {"seldon_runtime.transport": {"silent": "acme_silent"}}, _SILENT)
        process = seldon_run(
            *("Recording", f"silent,{self.transport}", "--metrics", "0", *self.words(tmp_path)),
            source=_SOURCE,
            env={"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])},
        )
        assert self.pid_at(self.address_of(process)) == process.process.pid


_SILENT = {
    "acme_silent": """
        from seldon_runtime import hookimpl

        class Silent:
            name, address = "silent", "silent:nowhere"
            def start(self): pass
            def stop_accepting(self): pass
            def stop(self, grace_s): pass

        @hookimpl
        def seldon_transport():
            return Silent()
    """
}


class TransportWorkers(TransportProcess):
    """Part of :class:`TransportContract`: two worker processes."""

    def two_workers(self, seldon_run: Starter, folder: Path) -> tuple[Process, set[int]]:
        """Start a process with two workers; return it, and the ids of the workers, which both answered."""
        if not self.several_workers:
            pytest.skip(f"{self.transport} is served by one worker")
        process = self.run(seldon_run, folder, "--workers", "2")
        found = self.wait_for_others(self.address_of(process), set(), 2)
        assert process.process.pid not in found
        return process, found

    def wait_for_others(self, address: str, known: set[int], count: int) -> set[int]:
        """Wait until ``count`` processes beside the known ones have answered; return their ids."""
        found: set[int] = set()

        def enough() -> bool:
            process = self.pid_at(address)
            found.update(set() if process is None else {process} - known)
            return len(found) >= count

        wait_until(enough, f"answers of {count} other workers than {known}")
        return found

    def test_two_workers_answer(self, seldon_run: Starter, tmp_path: Path) -> None:
        process, _ = self.two_workers(seldon_run, tmp_path)
        assert process.stop() == 0

    def test_a_killed_worker_is_replaced_at_the_same_address(
        self, seldon_run: Starter, tmp_path: Path
    ) -> None:
        process, workers = self.two_workers(seldon_run, tmp_path)
        os.kill(min(workers), signal.SIGKILL)
        process.wait_for_log("ended by SIGKILL")
        assert self.wait_for_others(self.address_of(process), workers, 1)

    def test_no_call_is_lost_when_two_workers_are_asked_to_end(
        self, seldon_run: Starter, tmp_path: Path
    ) -> None:
        process, _ = self.two_workers(seldon_run, tmp_path)
        self.assert_no_call_is_lost(process, tmp_path)
