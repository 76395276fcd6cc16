"""The life of a real process: start, readiness, draining, end, and what user code may do to it."""

from __future__ import annotations

import re
import socket
import sys
import sysconfig
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S, Background
from tests.support.components import ECHO, waiting
from tests.support.http_client import JSON_TYPE, NO_RESPONSE, HttpClient

Start = Callable[..., Any]
FORM_TYPE = {"Content-Type": "multipart/form-data; boundary=b"}


# start


def test_nothing_is_ready_before_load_has_finished(seldon_run: Start, gate: Any, free_port: int) -> None:
    source = f"""
        class Slow:
            def load(self):
                {gate.pass_}
            def predict(self, X, features_names):
                return X
    """
    server = seldon_run("Slow", "REST", "--http-port", str(free_port), source=source, wait=False)
    gate.wait_until_reached()
    with pytest.raises(ConnectionRefusedError):
        HttpClient(free_port).connect()
    assert "ready" not in server.log
    gate.open()
    server.wait_until_ready()


def test_a_failing_load_ends_with_3_the_users_traceback_and_one_message(seldon_run: Start) -> None:
    source = """
        class Broken:
            def load(self):
                raise ValueError("weights are broken")
    """
    server = seldon_run("Broken", "REST", source=source, wait=False)
    assert server.wait() == 3
    assert server.log.count("Traceback") == 1
    assert 'Broken.py", line 4, in load' in server.log
    assert server.log.rstrip().endswith(
        "seldon-run: Broken: Broken.load raised ValueError: weights are broken"
    )


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


@pytest.mark.parametrize("words", [["--workers", "1"], ["--workers", "2"], ["--max-requests", "5"]])
@pytest.mark.parametrize(
    ("transport", "option"), [("REST", "--http-port"), ("GRPC", "--grpc-port"), ("REST", "--metrics-port")]
)
def test_a_port_in_use_is_found_before_the_load(
    seldon_run: Start, words: list[str], transport: str, option: str
) -> None:
    source = """
        raise SystemExit("the class was loaded")
    """
    with socket.create_server(("0.0.0.0", 0)) as other:
        number = other.getsockname()[1]
        env = {"METRICS": "prometheus" if option == "--metrics-port" else "0"}
        words = [transport, option, str(number), *words]
        server = seldon_run("Slow", *words, source=source, wait=False, env=env)
        assert server.wait() == 3
    assert f"cannot listen on 0.0.0.0:{number}" in server.log
    assert option in server.log
    assert "loading" not in server.log
    assert "Traceback" not in server.log


def test_the_log_tells_the_load_and_the_address_to_open(seldon_run: Start) -> None:
    server = seldon_run("Echo", "REST", source=ECHO)
    assert "loading Echo …" in server.log
    link = server.wait_for_log(r"open (http://localhost:(\d+)/docs) in a browser")
    with HttpClient(int(link[2])) as client:
        assert client.get("/docs/").status == 200


def test_the_address_is_in_colour_on_a_terminal_only(
    seldon_run: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = tmp_path / "terminal"
    run = Path(sysconfig.get_path("scripts"), "seldon-run")
    code = f"import pty, sys; sys.exit(pty.spawn(['{run}', *sys.argv[1:]]) >> 8)"
    terminal.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    terminal.chmod(0o755)
    server = seldon_run("Echo", "REST", source=ECHO, program=terminal, wait=False)
    link = server.wait_for_log("open \x1b\\[1;36m(http://localhost:\\d+/docs)\x1b\\[0m")
    server.kill()
    plain = seldon_run("Echo", "REST", source=ECHO)
    plain.wait_for_log(r"open http://localhost")
    assert "\x1b" not in plain.log
    assert link[1]


def test_a_port_in_use_is_named_with_the_remedy_and_without_a_traceback(seldon_run: Start) -> None:
    first = seldon_run("Echo", "REST", source=ECHO)
    second = seldon_run("Echo", "REST", "--http-port", str(first.port), wait=False)
    assert second.wait() == 3
    assert f"cannot listen on 0.0.0.0:{first.port}" in second.log
    assert "--http-port (PREDICTIVE_UNIT_HTTP_SERVICE_PORT)" in second.log
    assert "Traceback" not in second.log
    assert first.post("/predict", {"strData": "still"}).json["strData"] == "still"


@pytest.mark.parametrize("place", ["module", "__init__", "load"])
def test_user_code_that_exits_at_start_is_a_failed_start(seldon_run: Start, place: str) -> None:
    source = f"""
        import sys
        class Exiting:
            def __init__(self):
                "__init__" == {place!r} and sys.exit(0)
            def load(self):
                "load" == {place!r} and sys.exit(0)
        "module" == {place!r} and sys.exit(0)
    """
    server = seldon_run("Exiting", "REST", source=source, wait=False)
    assert server.wait() == 3
    assert re.search("^seldon-run: .*SystemExit", server.log, re.M)


LIFE = """
    import sys
    from pathlib import Path
    from seldon_runtime import hookimpl
    from seldon_runtime.errors import StartupError

    class Noting:
        def __init__(self, name, fails):
            self.name, self.address, self.fails = name, name + ":nowhere", fails
        def start(self):
            print(self.name, "start", flush=True)
            if self.fails:
                raise StartupError("the second port is taken")
        def stop_accepting(self):
            print(self.name, "stop_accepting", flush=True)
        def stop(self, grace_s):
            print(self.name, "stop", flush=True)

    class Plugin:
        def __init__(self, name, fails=False):
            self.name, self.fails = name, fails
        @hookimpl
        def seldon_transport(self, service, settings):
            return Noting(self.name, self.fails)

    one, two, failing = Plugin("one"), Plugin("two"), Plugin("failing", fails=True)
"""


@pytest.fixture
def noting(install: Callable[..., Any]) -> dict[str, str]:
    """The environment in which transports are installed that note what they are told."""
    names = ("one", "two", "failing")
    entries = {"seldon_runtime.transport": {name: f"acme_noting:{name}" for name in names}}
    return {"PYTHONPATH": str(install("acme-noting", entries, {"acme_noting": LIFE}))}


def told(server: Any) -> list[str]:
    return re.findall(r"^((?:one|two|failing) \w+)$", server.log, re.M)


def test_transports_start_in_their_order_and_all_stop_accepting_before_one_stops(
    seldon_run: Start, noting: dict[str, str]
) -> None:
    server = seldon_run("Echo", "Two,ONE", source=ECHO, env=noting, wait=False)
    server.wait_for_log("ready: two at two:nowhere, one at one:nowhere")
    assert server.stop() == 0
    assert told(server) == [
        *("two start", "one start"),
        *("two stop_accepting", "one stop_accepting"),
        *("two stop", "one stop"),
    ]


def test_a_transport_that_cannot_start_stops_those_that_did(
    seldon_run: Start, noting: dict[str, str], free_port: int
) -> None:
    words = ("--http-port", str(free_port))
    server = seldon_run("Echo", "REST,ONE,FAILING,TWO", *words, source=ECHO, env=noting, wait=False)
    assert server.wait() == 3
    assert told(server) == ["one start", "failing start", "one stop_accepting", "one stop"]
    assert server.log.rstrip().endswith("seldon-run: the second port is taken")
    assert " ready: " not in server.log


def test_the_component_is_one_whatever_the_transport(seldon_run: Start, install: Callable[..., Any]) -> None:
    """A third party's transport sees the object that REST has changed (property 3)."""
    module = """
        import threading
        from seldon_runtime import hookimpl

        class Peeking:
            name, address = "peek", "nowhere"
            def __init__(self, service):
                self.user = service.user
            def start(self): pass
            def stop_accepting(self):
                print("rewards", self.user.rewards, flush=True)
            def stop(self, grace_s): pass

        @hookimpl
        def seldon_transport(service):
            return Peeking(service)
    """
    source = """
        class Learning:
            rewards = 0
            def send_feedback(self, features, features_names, reward, truth):
                self.rewards += reward
    """
    site = install("acme-peek", {"seldon_runtime.transport": {"peek": "acme_peek"}}, {"acme_peek": module})
    server = seldon_run("Learning", "REST,PEEK", source=source, env={"PYTHONPATH": str(site)})
    assert server.post("/send-feedback", {"reward": 2.5}).status == 200
    assert server.stop() == 0
    assert "rewards 2.5" in server.log


def test_sigterm_while_loading_ends_with_0(seldon_run: Start, gate: Any) -> None:
    source = f"""
        class Slow:
            def __init__(self):
                {gate.pass_}
    """
    server = seldon_run("Slow", "REST", source=source, wait=False)
    gate.wait_until_reached()
    server.terminate()
    assert server.wait() == 0
    assert "stopped while starting" in server.log


# probes


def test_probes_are_answered_while_a_prediction_runs(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", source=waiting(gate))
    running = Background(lambda: server.post("/predict", {"strData": "wait"}))
    gate.wait_until_reached()
    paths = ("/health/ping", "/health/live", "/health/ready", "/health/status")
    assert [server.get(path).status for path in paths] == [200] * 4
    gate.open()
    assert running.outcome.status == 200


# end


def wait_until_refused(server: Any) -> None:
    """Until nobody listens any more, which comes soon after the log's word."""
    while True:
        try:
            server.client().close()
        except ConnectionRefusedError:
            return


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


# user code


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
