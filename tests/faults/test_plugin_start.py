"""A plugin that stops or holds up the start of a real ``seldon-run`` is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.components import ECHO
from tests.support.faulty_plugins import HEAD, LABEL, observer, transport

Start = Callable[..., Any]
FOREVER = "time.sleep(3600)"
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
def test_a_fault_stops_the_start_and_is_named(seldon_run: Start, published: Any, fault: str) -> None:
    source, message = STOPS_THE_START[fault]
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=published(source), wait=False)
    assert process.wait() == 3, process.log
    (last,) = [line for line in process.log.splitlines() if line.startswith("seldon-run: ")]
    assert last.startswith(f"seldon-run: extension {LABEL}")
    assert message in last


def test_a_name_that_another_plugin_has_stops_the_start(seldon_run: Start, published: Any) -> None:
    env = published(
        transport().replace('"silent", "silent:nowhere"', '"rest", "silent:nowhere"'), "transport"
    )
    process = seldon_run("Echo", "REST,BAD", source=ECHO, env=env, wait=False)
    assert process.wait() == 3
    assert "returned a transport with the name 'rest', as transport plugin 'rest'" in process.log


@pytest.mark.parametrize("command", ["start", "check", "doctor"])
def test_versions_that_do_not_fit_stop_the_start_as_the_doctor_says(
    seldon_run: Start, published: Any, command: str
) -> None:
    env = published(observer("pass"), requires=["seldon-runtime~=9.0", "numpy<1", "no-such-thing>=2"])
    words = {"start": ["Echo"], "check": ["Echo"], "doctor": ["doctor", "Echo"]}[command]
    further = ["--check"] if command == "check" else []
    process = seldon_run(*words, "REST", "--extension", "bad", *further, source=ECHO, env=env, wait=False)
    assert process.wait() == (1 if command == "doctor" else 3)
    for fault in ("seldon-runtime~=9.0, but ", "numpy<1, but ", "no-such-thing>=2, which is not installed"):
        assert fault in process.log


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (transport(hook=FOREVER), f"seldon_transport of transport {LABEL}"),
        (transport(start=FOREVER), f"the start of transport silent (transport {LABEL})"),
    ],
    ids=["a hook", "start"],
)
def test_a_plugin_that_holds_up_the_start_is_named_and_can_be_ended(
    seldon_run: Start, published: Any, source: str, what: str
) -> None:
    process = seldon_run("Echo", "REST,BAD", source=ECHO, env=published(source, "transport"), wait=False)
    process.wait_for_log(re.escape(f"the start still waits for {what}"))
    process.terminate()
    assert process.wait() == 0
