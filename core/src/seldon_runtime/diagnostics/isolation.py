"""Plugin code in a process of its own, where it can crash, hang or print without harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

_KILL_WAIT_S = 5.0


class Crashed(Exception):
    """The process ended, or was killed, before it could report. The message completes "the plugin ..."."""


def run_isolated(program: str, argument: Mapping[str, Any], timeout_s: float) -> Any:
    """Run Python code in a new interpreter with this one's ``sys.path``; return its report. Blocks.

    Args:
        program: a module and a function in it, such as ``package.module:function``; the function calls
            :func:`report`.
        argument: a value that JSON can hold.
        timeout_s: seconds after which the process, and all processes that it has started, are killed.

    Raises:
        Crashed: the process ended or was killed without a report.
    """
    module, _, function = program.partition(":")
    code = f"import sys, json; sys.path[:] = json.loads(sys.argv[1]); import {module} as m; m.{function}()"
    with tempfile.TemporaryFile() as answer:
        words = [json.dumps(sys.path), json.dumps(argument), str(answer.fileno())]
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[answer.fileno()],
            start_new_session=True,
        )
        # The report is a file: with a pipe, this process would wait for each grandchild that keeps it open.
        try:
            fate = _fate(process.wait(timeout_s))
        except subprocess.TimeoutExpired:
            fate = f"did not finish within {timeout_s:g} s"
        finally:
            _kill(process)
        answer.seek(0)
        text = answer.read()
    try:
        return json.loads(text)
    except ValueError:
        raise Crashed(fate) from None


def argument() -> Any:
    """Return the argument of :func:`run_isolated`, in the new process."""
    return json.loads(sys.argv[2])


def report(make: Callable[[], Any]) -> None:
    """Report a value that JSON can hold, in the new process, and end it, whatever threads still run."""
    descriptor = int(sys.argv[3])
    os.set_inheritable(descriptor, False)
    text = json.dumps(make()).encode()
    while text:
        text = text[os.write(descriptor, text) :]
    os._exit(0)


def _fate(status: int) -> str:
    return f"ended the process {f'with status {status}' if status >= 0 else f'by signal {-status}'}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and everything in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_KILL_WAIT_S)
