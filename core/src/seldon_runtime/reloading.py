"""``--reload``: tells when Python files change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from seldon_runtime.errors import StartupError


def folders_of(reference: str) -> list[Path]:
    """Where the class of ``MODEL_NAME`` and what it imports are likely to be: here, and beside its file."""
    folders = {Path.cwd()}
    file = Path(reference.partition(":")[0])
    if file.suffix == ".py" and file.parent.is_dir():
        folders.add(file.parent.resolve())
    return sorted(folders)


def watch(folders: list[Path], changed: Callable[[], None]) -> None:
    """Call ``changed``, on a thread of its own, whenever Python files in ``folders`` or below have changed.

    Returns once changes are seen; the thread ends with the process.

    Raises:
        StartupError: the library that watches is not installed.
    """
    try:
        from watchfiles import PythonFilter
        from watchfiles import watch as changes
    except ImportError:
        raise StartupError(
            "--reload needs watchfiles. Install it with: pip install 'seldon-runtime[reload]'"
        ) from None

    watching = threading.Event()

    def work() -> None:
        for found in changes(*folders, watch_filter=PythonFilter(), yield_on_timeout=True, rust_timeout=100):
            watching.set()
            if found:
                changed()

    threading.Thread(target=work, name="reload", daemon=True).start()
    watching.wait()
