"""The instructions of each step of a call, and of some operations of Python for comparison.

    python -m benchmarks.instruction_steps

It needs valgrind. Calls carry four numbers, as in ``instructions``. The loop around each step does not count.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from benchmarks import callgrind

_CALLS = 200
_LOOP = "loop"
_REQUEST = (
    b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nContent-Type: application/json\r\n"
    b'Content-Length: 66\r\n\r\n{"data":{"names":["a","b","c","d"],"ndarray":[[1.0,2.0,3.0,4.0]]}}'
)

Step = Callable[[], object]


def main() -> None:
    """Run the command."""
    if callgrind.INNER in sys.argv:
        _run_all()
        return
    if not callgrind.is_installed():
        sys.exit("please install valgrind")
    counts = callgrind.count("benchmarks.instruction_steps")
    for name, count in counts.items():
        if name != _LOOP:
            print(f"{name:60} {count - counts[_LOOP]:9,}")


def _run_all() -> None:
    """Run the cases under callgrind."""
    from benchmarks.in_process import steps_of_a_call

    with steps_of_a_call(4) as by_transport:
        cases: dict[str, Step] = {_LOOP: lambda: None}
        for transport, steps in by_transport.items():
            cases |= {f"{transport}, {name}": step for name, step in steps.items()}
        cases |= _facts()
        callgrind.run([(name, partial(_repeat, step), _CALLS) for name, step in cases.items()])


def _repeat(step: Step, times: int) -> None:
    for _ in range(times):
        step()


def _facts() -> Mapping[str, Step]:
    import httptools
    import uvloop

    from seldon_runtime.logs import setup
    from seldon_runtime.plugin import Call, Method, NeutralCodec, Outcome, Settings
    from seldon_runtime.service.access_log import AccessLog

    class Colour(Enum):
        RED = 1

    @dataclass(slots=True)
    class Plain:
        a: Any
        b: Any
        c: Any
        d: Any
        e: Any

    @dataclass(slots=True, frozen=True)
    class Frozen:
        a: Any
        b: Any
        c: Any
        d: Any
        e: Any

    setup.configure(Settings({"log_format": "text", "log_level": "INFO"}))
    call = Call(Method.PREDICT, b"", NeutralCodec(), "rest", target="/predict")
    outcome = Outcome(None, 200, 1e-4, 2e-4, 120, "")
    access_log = AccessLog()
    value: Any = 1.5
    loop = uvloop.new_event_loop()
    parser = httptools.HttpRequestParser(_Ignoring())
    return {
        "a member of an Enum looked up": lambda: Colour.RED,
        "a dataclass of five fields": lambda: Plain(1, 2, 3, 4, 5),
        "a frozen dataclass of five fields": lambda: Frozen(1, 2, 3, 4, 5),
        "isinstance of one type": lambda: isinstance(value, str),
        "isinstance of two types": lambda: isinstance(value, str | int),
        "isinstance of an abstract class": lambda: isinstance(value, Mapping),
        "a timer of uvloop started and cancelled": lambda: loop.call_later(5, print).cancel(),
        "a line of the access log": lambda: access_log.call_finished(call, outcome),
        "a request parsed by httptools": lambda: parser.feed_data(_REQUEST),
    }


class _Ignoring:
    def on_url(self, url: bytes) -> None:
        """Do nothing. A server needs this callback and the others."""

    def on_header(self, name: bytes, value: bytes) -> None: ...

    def on_headers_complete(self) -> None: ...

    def on_body(self, body: bytes) -> None: ...

    def on_message_complete(self) -> None: ...


if __name__ == "__main__":
    main()
