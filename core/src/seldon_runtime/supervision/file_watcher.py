"""The watcher of Python files for ``--reload``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from seldon_runtime.errors import StartupError

NEEDS_WATCHFILES = "--reload needs watchfiles. Install it with: pip install 'seldon-runtime[reload]'"


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


def watch(folders: list[Path], changed: Callable[[], None], suffixes: tuple[str, ...] = ()) -> None:
    """Call ``changed``, on a thread of its own, whenever Python files in ``folders`` or below have changed.

    Files with one of ``suffixes`` count, too.

    Returns when the watch is active; the thread ends with the process.

    Raises:
        StartupError: watchfiles is not installed.
    """
    try:
        from watchfiles import PythonFilter
        from watchfiles import watch as changes
    except ImportError:
        raise StartupError(NEEDS_WATCHFILES) from None

    watching = threading.Event()

    def work() -> None:
        chosen = PythonFilter(extra_extensions=suffixes)
        for found in changes(*folders, watch_filter=chosen, yield_on_timeout=True, rust_timeout=100):
            watching.set()
            if found:
                changed()

    threading.Thread(target=work, name="reload", daemon=True).start()
    watching.wait()
