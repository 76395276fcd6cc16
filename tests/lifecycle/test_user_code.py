"""User code in a real process: its errors reach the client and the log, and never end the process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from seldon_runtime.testing import Background
from tests.support.components import waiting
from tests.support.http_client import NO_RESPONSE, HttpClient

Start = Callable[..., Any]


@pytest.mark.parametrize("end", ["os._exit(4)", "os.kill(os.getpid(), 9)", "time.sleep(600)"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_print_before_a_hard_end_is_kept(seldon_run: Start, end: str, workers: int) -> None:
    source = f"""
        import os
        import time
        class Printing:
            def predict(self, X, features_names):
                print("about to", "end")
                {end}
    """
    words = ["--workers", str(workers), "--hang-timeout", "1", "--grace", "1"]
    server = seldon_run("Printing", "REST", *words, source=source, env={"PYTHONUNBUFFERED": ""})
    with HttpClient(server.port) as client, suppress(*NO_RESPONSE):
        client.post("/predict", {"data": {"ndarray": [[1]]}})
    server.wait_for_log("^about to end$")
    server.kill()


def test_probes_are_answered_while_a_prediction_runs(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", source=waiting(gate))
    running = Background(lambda: server.post("/predict", {"strData": "wait"}))
    gate.wait_until_reached()
    paths = ("/health/ping", "/health/live", "/health/ready", "/health/status")
    assert [server.get(path).status for path in paths] == [200] * 4
    gate.open()
    assert running.outcome.status == 200


def test_threads_take_short_turns_unless_user_code_sets_other_ones(seldon_run: Start) -> None:
    source = """
        import sys

        class Turns:
            at_import = sys.getswitchinterval()

            def load(self):
                sys.setswitchinterval(0.002)

            def predict(self, X, names):
                return [self.at_import, sys.getswitchinterval()]
    """
    process = seldon_run("Turns", "REST", source=source)
    at_import, later = process.post("/predict", {"data": {"ndarray": [[1]]}}).json["data"]["ndarray"]
    assert (at_import, later) == (pytest.approx(0.0005), pytest.approx(0.002))


RAISING = """
    import os, sys
    from seldon_runtime import SeldonError

    class Raising:
        def predict(self, X, features_names):
            if X == "value":
                raise ValueError("no such customer")
            if X == "exit":
                sys.exit(7)
            if X == "interrupt":
                raise KeyboardInterrupt
            if X == "memory":
                raise MemoryError
            if X == "deep":
                return self.predict(X, features_names)
            if X == "own":
                raise SeldonError("not for you", status_code=403, reason="MY_REASON")
            os.write(1, b"noise on stdout")
            return X
"""


def test_an_exception_of_user_code_is_logged_once_with_the_request_id(seldon_run: Start) -> None:
    server = seldon_run("Raising", "REST", source=RAISING)
    answer = server.post("/predict", {"strData": "value"})
    assert answer.status == 500
    assert answer.json == {
        "status": {
            "code": -1,
            "info": "ValueError: no such customer",
            "reason": "MICROSERVICE_INTERNAL_ERROR",
            "status": 1,
        }
    }
    request_id = answer.headers["x-request-id"]
    given = server.post("/predict", {"strData": "value"}, {"X-Request-Id": "my-own-id"})
    assert given.headers["x-request-id"] == "my-own-id"
    assert server.stop() == 0
    assert server.log.count("Traceback") == 2
    for line in (request_id, "my-own-id"):
        assert server.log.count(f"predict failed in Raising.predict, request {line}") == 1


def test_whatever_user_code_raises_the_process_goes_on(seldon_run: Start) -> None:
    server = seldon_run("Raising", "REST", source=RAISING)
    for kind in ("exit", "interrupt", "memory", "deep"):
        answer = server.post("/predict", {"strData": kind})
        assert answer.status == 500, kind
        assert "Traceback" not in answer.text, kind
        assert "/Raising.py" not in answer.text, kind  # the name of the file helps, its place is internal
        assert server.post("/predict", {"strData": "fine"}).json["strData"] == "fine", kind


def test_user_code_may_choose_the_clients_error(seldon_run: Start) -> None:
    server = seldon_run("Raising", "REST", source=RAISING)
    answer = server.post("/predict", {"strData": "own"})
    assert answer.status == 403
    assert answer.json["status"]["reason"] == "MY_REASON"
    assert answer.info == "not for you"


def test_the_message_of_an_exception_can_be_kept_from_clients(seldon_run: Start) -> None:
    server = seldon_run("Raising", "REST", source=RAISING, env={"SELDON_ERROR_DETAILS": "false"})
    answer = server.post("/predict", {"strData": "value"})
    assert "no such customer" not in answer.text
    assert answer.headers["x-request-id"] in answer.info
    server.wait_for_log("ValueError: no such customer")
