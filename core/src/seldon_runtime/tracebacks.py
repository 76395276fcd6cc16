"""Tracebacks of user code: without the frames of the runtime and of the import system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import FrameType, TracebackType

_RUNTIME = "seldon_runtime"


def hide_frames(error: BaseException) -> BaseException:
    """Remove the frames of the runtime and of importlib from an exception and those behind it; return it.

    An exception without any other frame keeps its traceback, since it is a fault of the runtime. That of a
    file which Python cannot compile has none: its text names the file and the line.
    """
    for raised in _chain(error):
        shown = [entry for entry in _entries(raised.__traceback__) if not _is_hidden(entry.tb_frame)]
        if shown or _is_uncompiled(raised):
            raised.__traceback__ = _linked(shown)
    return error


def _is_uncompiled(error: BaseException) -> bool:
    """Return whether the import system raised for the text of a file, such as a SyntaxError."""
    last = next(reversed(list(_entries(error.__traceback__))), None)
    in_import = last is not None and _name_of(last.tb_frame).startswith("importlib._bootstrap")
    return in_import and isinstance(error, SyntaxError | ValueError)


def place_of(error: BaseException) -> str:
    """Return the line of user code that raised, such as ``MyModel.py, line 8``; empty if it is unknown.

    An exception that a library raised has the line of user code that called the library.
    """
    shown = [entry for entry in _entries(error.__traceback__) if not _is_hidden(entry.tb_frame)]
    if not shown:
        return ""
    import sysconfig  # only when something is wrong

    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    libraries = tuple({sysconfig.get_path(kind) + os.sep for kind in kinds})
    own = [entry for entry in shown if not entry.tb_frame.f_code.co_filename.startswith(libraries)]
    entry = (own or shown)[-1]
    return f"{os.path.basename(entry.tb_frame.f_code.co_filename)}, line {entry.tb_lineno}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, its causes and contexts, and the members of groups, each once."""
    waiting: list[BaseException | None] = [error]
    known: set[int] = set()
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in known:
            continue
        known.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _linked(entries: list[TracebackType]) -> TracebackType | None:
    trace: TracebackType | None = None
    for entry in reversed(entries):
        trace = TracebackType(trace, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return trace


def _is_hidden(frame: FrameType) -> bool:
    name = _name_of(frame)
    top = name.partition(".")[0]
    return top == _RUNTIME or name == "importlib" or name.startswith("importlib._bootstrap")


def _name_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
