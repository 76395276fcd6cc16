"""The watcher of Python files for ``--reload``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seldon_runtime.errors import StartupError

NEEDS_WATCHFILES = "--reload needs watchfiles. Install it with: pip install 'seldon-runtime[reload]'"

_END_S = 5.0
"""Longest time for the end of the thread, which looks several times a second whether it has to end."""


def folders_of(reference: str) -> list[Path]:
    """Return the likely folders of ``MODEL_NAME`` and its imports: the current one, and the file's."""
    folders = {Path.cwd()}
    file = Path(reference.partition(":")[0])
    if file.is_file() or (file.suffix == ".py" and file.parent.is_dir()):
        folders.add(file.parent.resolve())
    return sorted(folders)


def suffixes_of(reference: str) -> tuple[str, ...]:
    """Return the suffix of the file that ``MODEL_NAME`` names, such as that of a graph; empty for a class."""
    file = Path(reference.partition(":")[0])
    return (file.suffix,) if file.is_file() and file.suffix != ".py" else ()


@contextmanager
def watched(
    folders: list[Path], changed: Callable[[], None], suffixes: tuple[str, ...] = ()
) -> Iterator[None]:
    """Call ``changed``, on a thread of its own, whenever Python files in ``folders`` or below have changed.

    Files with one of ``suffixes`` count, too. The block begins when the watch is active. At its end the
    thread ends, which must not call Python while the interpreter ends.

    Raises:
        StartupError: watchfiles is not installed.
    """
    try:
        from watchfiles import PythonFilter
        from watchfiles import watch as changes
    except ImportError:
        raise StartupError(NEEDS_WATCHFILES) from None

    watching, ended = threading.Event(), threading.Event()

    def work() -> None:
        chosen = PythonFilter(extra_extensions=suffixes)
        found_changes = changes(
            *folders, watch_filter=chosen, yield_on_timeout=True, rust_timeout=100, stop_event=ended
        )
        try:
            for found in found_changes:
                watching.set()
                if found:
                    changed()
        finally:
            watching.set()

    thread = threading.Thread(target=work, name="reload", daemon=True)
    thread.start()
    watching.wait()
    try:
        yield
    finally:
        ended.set()
        thread.join(_END_S)
