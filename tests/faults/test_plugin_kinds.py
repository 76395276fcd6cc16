"""Plugins with every kind of fault: at the start, in calls, at the end, and in ``doctor``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.components import ECHO

Published = Callable[..., dict[str, str]]
HEAD = "from seldon_runtime.plugin import *\n"
LABEL = "plugin 'bad' (acme-bad 1.0, acme_bad)"
OBSERVER = """
class Watches(Observer):
    def lifecycle_changed(self, state):
        BODY

@hookimpl
def seldon_observer():
    return Watches()
"""
TRANSPORT = """
import time, threading

class Bad:
    name, address = "bad", "bad:nowhere"
    def __init__(self, service): self.service = service
    def start(self): START
    def stop_accepting(self): ACCEPTING
    def stop(self, grace_s): STOP

@hookimpl
def seldon_transport(service):
    HOOK
    return Bad(service)
"""


def observer(body: str) -> str:
    return HEAD + OBSERVER.replace("BODY", body)


def transport(start: str = "pass", accepting: str = "pass", stop: str = "pass", hook: str = "pass") -> str:
    source = HEAD + TRANSPORT
    for name, body in {"START": start, "ACCEPTING": accepting, "STOP": stop, "HOOK": hook}.items():
        source = source.replace(name, body)
    return source


@pytest.fixture
def published(install: Callable[..., Path]) -> Published:
    """The environment with a distribution ``acme-bad`` of one module."""

    def publish(source: str, group: str = "extension", **options: Any) -> dict[str, str]:
        site = install(
            "acme-bad", {f"seldon_runtime.{group}": {"bad": "acme_bad"}}, {"acme_bad": source}, **options
        )
        return {"PYTHONPATH": str(site)}

    return publish


HOOKS_OF = "does not fit the hook specifications"
STOPS_THE_START = {
    "a missing library": ("import no_such_library", "cannot be imported: ModuleNotFoundError"),
    "a syntax error": ("def x(:", "cannot be imported: SyntaxError"),
    "an exit while it is imported": ("import sys; sys.exit(0)", "cannot be imported: SystemExit: 0"),
    "an unknown argument": (f"{HEAD}@hookimpl\ndef seldon_observer(settings, servise): pass", HOOKS_OF),
    "a misspelt hook": (
        f"{HEAD}@hookimpl\ndef seldon_intercepter(settings): pass",
        "Did you mean seldon_interceptor",
    ),
    "a hook that raises": (
        f"{HEAD}@hookimpl\ndef seldon_options(): raise RuntimeError('no file')",
        "failed in seldon_options: RuntimeError: no file",
    ),
    "a hook that is a coroutine": (
        f"{HEAD}@hookimpl\nasync def seldon_observer(): return None",
        "returned coroutine from seldon_observer, expected an Observer",
    ),
    "a hook that is a generator": (
        f"{HEAD}@hookimpl\ndef seldon_observer():\n    yield None",
        "returned generator from seldon_observer, expected an Observer",
    ),
    "a method that is a coroutine": (
        f"{HEAD}class A(Interceptor):\n    async def before(self, call, request): return request\n"
        "@hookimpl\ndef seldon_interceptor(): return A()",
        "its method before must not be a coroutine function",
    ),
    "an object of another type": (
        f"{HEAD}@hookimpl\ndef seldon_interceptor(service): return [object()]",
        "returned object from seldon_interceptor, expected an Interceptor",
    ),
    "an attribute that is not there": (
        f"{HEAD}@hookimpl\ndef seldon_interceptor(service): return [service.nothing]",
        "failed in seldon_interceptor: AttributeError",
    ),
    "an option of the core": (
        f"{HEAD}@hookimpl\ndef seldon_options(): return [option('--host')]",
        "defines an option --host, as the core does",
    ),
}


@pytest.mark.parametrize("fault", STOPS_THE_START)
def test_a_fault_stops_the_start_and_is_named(seldon_run: Any, published: Published, fault: str) -> None:
    source, message = STOPS_THE_START[fault]
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=published(source), wait=False)
    assert process.wait() == 3, process.log
    (last,) = [line for line in process.log.splitlines() if line.startswith("seldon-run: ")]
    assert last.startswith(f"seldon-run: extension {LABEL}")
    assert message in last


def test_a_name_that_another_plugin_has_stops_the_start(seldon_run: Any, published: Published) -> None:
    env = published(transport().replace('"bad", "bad:nowhere"', '"rest", "bad:nowhere"'), "transport")
    process = seldon_run("Echo", "REST,BAD", source=ECHO, env=env, wait=False)
    assert process.wait() == 3
    assert "returned a transport with the name 'rest', as transport plugin 'rest'" in process.log


@pytest.mark.parametrize("command", ["start", "check", "doctor"])
def test_versions_that_do_not_fit_stop_the_start_as_the_doctor_says(
    seldon_run: Any, published: Published, command: str
) -> None:
    env = published(observer("pass"), requires=["seldon-runtime~=9.0", "numpy<1", "no-such-thing>=2"])
    words = {"start": ["Echo"], "check": ["Echo"], "doctor": ["doctor", "Echo"]}[command]
    further = ["--check"] if command == "check" else []
    process = seldon_run(*words, "REST", "--extension", "bad", *further, source=ECHO, env=env, wait=False)
    assert process.wait() == (1 if command == "doctor" else 3)
    for fault in ("seldon-runtime~=9.0, but ", "numpy<1, but ", "no-such-thing>=2, which is not installed"):
        assert fault in process.log


# the calls


@pytest.mark.parametrize("body", ["sys.exit(9)", "raise KeyboardInterrupt", "raise ValueError('x')"])
def test_an_observer_that_raises_at_every_state_breaks_nothing(
    seldon_run: Any, published: Published, body: str
) -> None:
    process = seldon_run(
        "Echo", "REST", "--extension", "bad", source=ECHO, env=published(observer(f"import sys; {body}"))
    )
    assert process.post("/predict", {"strData": "x"}).json["strData"] == "x"
    assert process.stop() == 0
    assert f"Watches of extension {LABEL} failed" in process.log


CALLS_ITSELF = (
    HEAD
    + """
class Asks(Interceptor):
    def __init__(self, service): self.service = service
    def before(self, call, request):
        return self.service.call(Call(call.method, call.wire, call.codec, call.transport))

@hookimpl
def seldon_interceptor(service): return Asks(service)
"""
)


def test_a_call_that_would_wait_for_itself_is_refused_at_once(seldon_run: Any, published: Published) -> None:
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=published(CALLS_ITSELF))
    assert process.post("/predict", {"strData": "x"}).status == 500
    process.wait_for_log("own thread would wait for itself")
    assert f"Asks.before of extension {LABEL}" in process.log


# the end


COUNTING = """
    class Counting:
        def __init__(self): self.n = 0
        def predict(self, X, features_names):
            self.n += 1
            return str(self.n)
"""
FOREVER = "time.sleep(3600)"
BLOCKS = {
    "stop": (transport(stop=FOREVER), "transport", "transport bad (transport PLUGIN) failed to stop in time"),
    "stop_accepting": (
        transport(accepting=FOREVER),
        "transport",
        "transport bad (transport PLUGIN) failed to stop accepting in time",
    ),
    "a state": (
        observer("import time; state is Lifecycle.DRAINING and time.sleep(3600)"),
        "extension",
        "Watches of extension PLUGIN failed to take the state draining in time",
    ),
    "an early state": (
        observer("import time; state is Lifecycle.READY and time.sleep(3600)"),
        "extension",
        "Watches of extension PLUGIN failed to take the state ready in time",
    ),
    "the stop of an observer": (
        observer("pass")
        .replace("def lifecycle_changed(self, state)", "def stop(self, grace_s)")
        .replace("        pass", "        import time; time.sleep(3600)"),
        "extension",
        "Watches of extension PLUGIN failed to stop in time",
    ),
    "a thread": (
        transport(start="threading.Thread(target=time.sleep, args=(3600,), name='bad-one').start()"),
        "transport",
        "bad-one … of a plugin or of user code did not end",  # other threads may stand between
    ),
    "an exit function": (
        f"import atexit, time\natexit.register(time.sleep, 3600)\n{observer('pass')}",
        "extension",
        "an exit function of a plugin or of user code did not end",
    ),
}


@pytest.mark.parametrize("what", BLOCKS)
def test_a_plugin_that_blocks_the_end_costs_no_state_and_is_named(
    seldon_run: Any, published: Published, tmp_path: Path, what: str
) -> None:
    source, group, message = BLOCKS[what]
    words = ["Counting", "REST,BAD"] if group == "transport" else ["Counting", "REST", "--extension", "bad"]
    state = ("--persistence", "file", "--persistence-folder", str(tmp_path / "state"))
    env = published(source, group)
    process = seldon_run(*words, "--grace", "1", *state, source=COUNTING, env=env)
    assert process.post("/predict", {"strData": "x"}).json["strData"] == "1"
    process.terminate()
    assert process.wait() == 0, process.log
    for part in message.replace("PLUGIN", LABEL).split(" … "):
        assert part in process.log
    again = seldon_run("Counting", "REST", *state, source=COUNTING)
    assert again.post("/predict", {"strData": "x"}).json["strData"] == "2", "the last state was not saved"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (transport(hook=FOREVER), f"seldon_transport of transport {LABEL}"),
        (transport(start=FOREVER), f"the start of transport bad (transport {LABEL})"),
    ],
    ids=["a hook", "start"],
)
def test_a_plugin_that_holds_up_the_start_is_named_and_can_be_ended(
    seldon_run: Any, published: Published, source: str, what: str
) -> None:
    process = seldon_run("Echo", "REST,BAD", source=ECHO, env=published(source, "transport"), wait=False)
    process.wait_for_log(re.escape(f"the start still waits for {what}"))
    process.terminate()
    assert process.wait() == 0


def test_a_plugin_that_ignores_signals_does_not_keep_the_process_from_ending(
    seldon_run: Any, published: Published
) -> None:
    env = published(f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{observer('pass')}")
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=env)
    assert process.post("/predict", {"strData": "x"}).json["strData"] == "x"
    assert process.stop() == 0


# the doctor


SICK = {
    "prints": f"print('hello on stdout')\n{observer('pass')}",
    "prints at the end": f"import atexit\natexit.register(print, 'bye')\n{observer('pass')}",
    "prints by a program": f"import os\nos.system('echo hello')\n{observer('pass')}",
    "has a thread": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()\n"
        + observer("pass")
    ),
    "waits at the end": f"import atexit, time\natexit.register(time.sleep, 3600)\n{observer('pass')}",
    "ends the process": "import os; os._exit(7)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "cannot be imported": "import no_such_library",
}


@pytest.mark.parametrize("how", SICK)
def test_the_doctor_ends_and_reports_json_whatever_a_plugin_does(
    seldon_run: Any, published: Published, tmp_path: Path, how: str
) -> None:
    is_well = how.startswith(("prints", "has a", "waits"))
    words = ["Echo", "REST", "--http-port", "0", "--metrics", "0", "--extension", "bad"]
    process = doctor(tmp_path, published(SICK[how]), *words)
    assert process.returncode == (0 if is_well else 1), process.stdout + process.stderr
    report = json.loads(process.stdout)
    named = [f["text"] for f in report["findings"] if f["severity"] == "error" and LABEL in f["text"]]
    assert bool(named) is not is_well


def doctor(folder: Path, env: dict[str, str], *words: str) -> Any:
    """The ended ``seldon-run doctor --json`` with both outputs apart."""
    (folder / "Echo.py").write_text("class Echo:\n    def predict(self, X, names):\n        return X\n")
    return subprocess.run(
        [sys.executable, "-m", "seldon_runtime", "doctor", "--json", *words],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=180,
    )
