"""The end of a real process: draining answers every accepted call, within the grace period."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from seldon_runtime.testing import WAIT_S, Background
from tests.support.components import ECHO, waiting
from tests.support.http_client import JSON_TYPE, NO_RESPONSE, HttpClient

Start = Callable[..., Any]
FORM_TYPE = {"Content-Type": "multipart/form-data; boundary=b"}


def wait_until_refused(server: Any) -> None:
    """Until nobody listens any more, which comes soon after the log's word."""
    while True:
        try:
            server.client().close()
        except ConnectionRefusedError:
            return


def test_not_ready_while_draining_and_accepted_calls_are_answered(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", source=waiting(gate))
    form = b'--b\r\nContent-Disposition: form-data; name="strData"\r\n\r\nform\r\n--b--\r\n'
    with ExitStack() as connections:
        probe, running, late, *queued = [connections.enter_context(server.client()) for _ in range(23)]
        assert probe.get("/health/ready").status == 200
        running.begin("POST", "/predict", b'{"strData":"wait"}', JSON_TYPE)
        gate.wait_until_reached()
        for client in queued:  # more than the threads through which forms go
            client.begin("POST", "/predict", form, FORM_TYPE)
        late.begin_head("POST", "/predict", {**JSON_TYPE, "Content-Length": "16"})
        server.terminate()
        server.wait_for_log("draining")
        try:
            draining = probe.get("/health/ready")
            assert (draining.status, draining.headers["connection"]) == (503, "close")
        except NO_RESPONSE:  # a slow machine: idle connections are closed soon
            pass
        wait_until_refused(server)
        late.http.send(b'{"strData":"ok"}')
        gate.open()
        assert late.answer().json["strData"] == "ok"
        assert running.answer().json["strData"] == "wait"
        for client in queued:
            answer = client.answer()
            assert (answer.json["strData"], answer.headers["connection"]) == ("form", "close")
    assert server.wait() == 0


def test_a_request_that_never_becomes_whole_does_not_keep_the_process(seldon_run: Start) -> None:
    server = seldon_run("Echo", "REST", "--grace", "0.3", source=ECHO)
    with server.client() as plain, server.client() as through_flask:
        for client, headers in ((plain, JSON_TYPE), (through_flask, FORM_TYPE)):
            client.begin_head("POST", "/predict", {**headers, "Content-Length": "1000"}, b"--b")
        assert server.get("/health/ping").status == 200
        server.terminate()
        assert server.wait() == 0
    assert "Traceback" not in server.log
    assert "Warning" not in server.log


def test_sigterm_under_load_loses_no_accepted_call(seldon_run: Start) -> None:
    server = seldon_run("Echo", "REST", source=ECHO)
    answered = threading.Semaphore(0)
    port = server.port  # read once: the log is parsed for it

    def client(number: int) -> list[str]:
        """Calls over one connection until the server closes it; then nobody listens any more."""
        faults = []
        while True:
            try:
                connection = HttpClient(port).connect()
            except ConnectionRefusedError:
                return faults
            closing = False
            while not closing:
                try:
                    answer = connection.post("/predict", {"strData": str(number)})
                    closing = answer.headers.get("connection") == "close"
                    if answer.status != 200 or answer.json["strData"] != str(number):
                        faults.append(f"status {answer.status}")
                except NO_RESPONSE as error:
                    faults.append(repr(error))
                    closing = True
                answered.release()
            connection.close()

    clients = [Background(lambda number=number: client(number)) for number in range(8)]  # type: ignore[misc]
    for _ in range(400):
        assert answered.acquire(timeout=WAIT_S)
    server.terminate()
    assert [each.outcome for each in clients] == [[]] * 8
    assert server.wait() == 0


def test_a_call_beyond_the_grace_period_is_lost_and_said_to_be(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", "--grace", "0.3", source=waiting(gate))
    running = Background(lambda: server.post("/predict", {"strData": "wait"}))
    gate.wait_until_reached()
    server.terminate()
    assert server.wait() == 1
    assert "still running after the grace period" in server.log
    assert isinstance(running.outcome, NO_RESPONSE)


def test_sigterm_is_heeded_whichever_thread_the_system_gives_it_to(seldon_run: Start) -> None:
    """Often one that is just being made: then the main thread, which handles it, must still wake up."""
    source = """
        import threading

        class Spawning:
            def predict(self, X, features_names):
                threading.Thread(target=self.spawn, daemon=True).start()
                return X

            def spawn(self):
                while True:
                    thread = threading.Thread(target=int)
                    thread.start()
                    thread.join()
    """
    servers = [seldon_run("Spawning", "REST", source=source) for _ in range(4)]
    for server in servers:
        assert server.post("/predict", {"strData": "spawn"}).status == 200
    for server in servers:
        server.terminate()
    assert [server.wait() for server in servers] == [0] * 4


def test_a_whole_life_in_development_mode_warns_of_nothing(seldon_run: Start) -> None:
    server = seldon_run("Echo", "REST", source=ECHO, env={"PYTHONDEVMODE": "1"})
    assert server.post("/predict", {"strData": "s"}).status == 200
    assert server.get("/metadata").status == 200
    assert server.request("POST", "/predict", b"rubbish", FORM_TYPE).status == 400
    assert server.stop() == 0
    assert "Warning" not in server.log
    assert "ERROR" not in server.log


def test_a_second_signal_ends_at_once(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", source=waiting(gate))
    running = Background(lambda: server.post("/predict", {"strData": "wait"}))
    gate.wait_until_reached()
    server.terminate()
    server.wait_for_log("draining")
    server.terminate()
    assert server.wait() == 128 + 15
    assert isinstance(running.outcome, NO_RESPONSE)
