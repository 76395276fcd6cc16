"""Lines stay whole and callers go on, whatever becomes of the reader."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seldon_runtime.logs import writer as writer_module
from seldon_runtime.logs.writer import LineWriter

LINE = b"x" * 9_999 + b"\n"
Ends = tuple[int, int]


@pytest.fixture(params=["pipe", "pipe that cannot be reopened", "socket"])
def ends(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    """What is read from and what is written to."""
    if request.param == "socket":
        pair = socket.socketpair()
        reader, writer = (end.detach() for end in pair)
    else:
        reader, writer = os.pipe()
        if "cannot" in request.param:
            monkeypatch.setattr(writer_module, "_reopen", lambda pipe: None)
    yield reader, writer
    for fd in (reader, writer):
        try:
            os.close(fd)
        except OSError:  # the test closed it
            assert fd == reader


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], LineWriter]]:
    monkeypatch.setattr(writer_module, "_PATIENCE_S", 0.05)
    made = []

    def make(fd: int) -> LineWriter:
        made.append(LineWriter(fd))
        return made[-1]

    yield make
    for made_writer in made:
        made_writer.close()


def read_all(fd: int) -> bytes:
    """What is there at this moment."""
    os.set_blocking(fd, False)
    parts = []
    try:
        while part := os.read(fd, 1 << 20):
            parts.append(part)
    except BlockingIOError:
        pass
    return b"".join(parts)


def test_what_is_written_can_be_read(ends: Ends, make: Callable[[int], LineWriter]) -> None:
    reader, writer = ends
    lines = make(writer)
    assert lines.write(b"one\n")
    assert lines.write(LINE)
    assert read_all(reader) == b"one\n" + LINE


def test_a_reader_that_does_not_read_loses_whole_lines_and_gets_later_ones(
    ends: Ends, make: Callable[[int], LineWriter]
) -> None:
    reader, writer = ends
    lines = make(writer)
    written = 0
    while lines.write(LINE):
        written += 1
        assert written < 10_000, "the pipe has no end"
    assert not lines.write(b"lost\n")
    found = read_all(reader)
    while not lines.write(b"later\n"):  # the rest of the line before it may take several reads
        found += read_all(reader)
    found += read_all(reader)
    assert found == LINE * written + b"later\n"


def test_a_reader_that_has_ended_is_no_fault(ends: Ends, make: Callable[[int], LineWriter]) -> None:
    reader, writer = ends
    lines = make(writer)
    os.close(reader)
    assert not lines.write(b"nobody reads this\n")
    assert not lines.write(LINE)


def test_the_original_stays_blocking(make: Callable[[int], LineWriter]) -> None:
    reader, writer = os.pipe()
    lines = make(writer)
    assert lines.write(b"x\n")
    assert os.get_blocking(writer)
    os.close(reader)
    os.close(writer)


def test_a_file_gets_all_lines(tmp_path: Path, make: Callable[[int], LineWriter]) -> None:
    path = tmp_path / "log"
    with path.open("ab") as file:
        file.write(b"before\n")
        file.flush()
        lines = make(file.fileno())
        assert all(lines.write(LINE) for _ in range(20))
    assert path.read_bytes() == b"before\n" + LINE * 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_no_fault(make: Callable[[int], LineWriter]) -> None:
    with open("/dev/full", "ab") as full:
        assert not make(full.fileno()).write(b"no space left\n")


def test_closed_standard_streams_are_opened_for_nothing() -> None:
    code = (
        "import os; from seldon_runtime.logs.writer import ensure_standard_streams as ensure; ensure();"
        "os.write(2, b'x'); os.write(1, b'x'); raise SystemExit(os.open('.', os.O_RDONLY) > 2)"
    )
    ended = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code])
    assert ended.returncode == 1
