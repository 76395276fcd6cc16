"""Prints of user code, whatever ends its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from seldon_runtime.testing import WAIT_S

ENDS = {
    "exit": "os._exit(4)",
    "kill": "os.kill(os.getpid(), signal.SIGKILL)",
    "segfault": "ctypes.string_at(0)",
}


def printed(program: str) -> tuple[str, int]:
    """Run a program whose standard output is a pipe; return it, and the exit status."""
    head = "import ctypes, os, signal, sys\nfrom seldon_runtime.logs import prints\n"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ended = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        env=environment,
        timeout=WAIT_S,
        text=True,
        check=False,
    )
    return ended.stdout, ended.returncode


@pytest.mark.parametrize("end", ENDS)
def test_a_printed_line_survives_a_hard_end(end: str) -> None:
    output, status = printed(f"prints.write_lines_at_once()\nprint('where it hung')\n{ENDS[end]}")
    assert output == "where it hung\n"
    assert status in (4, -signal.SIGKILL, -signal.SIGSEGV)
    assert printed(f"print('where it hung')\n{ENDS[end]}")[0] == ""  # Python's own way loses it


def test_an_unfinished_line_is_written_before_the_runtime_ends_the_process() -> None:
    program = "prints.write_lines_at_once()\nprint('about to', end='')\nprints.flush()\nos._exit(1)"
    assert printed(program) == ("about to", 1)


def test_a_stuck_reader_does_not_keep_the_process() -> None:
    program = """
        reader, writer = os.pipe()
        os.dup2(writer, 1)
        prints.write_lines_at_once()
        os.set_blocking(1, False)
        try:
            while True:
                os.write(1, b"x" * 65536)
        except BlockingIOError:
            os.set_blocking(1, True)
        print("never read", end="")
        prints.flush()
        os._exit(5)
    """
    assert printed(program) == ("", 5)


def test_a_replaced_standard_output_stays() -> None:
    program = """
        import io
        mine = sys.stdout = io.StringIO()
        prints.write_lines_at_once()
        print("kept")
        prints.flush()
        os.write(1, repr((sys.stdout is mine, mine.getvalue())).encode())
        sys.stdout = None
        prints.write_lines_at_once()
        prints.flush()
    """
    assert printed(program) == ("(True, 'kept\\n')", 0)
