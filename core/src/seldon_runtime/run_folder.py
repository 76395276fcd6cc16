"""The folder that the workers of one run share: in memory where the system has that, gone after the run."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from seldon_runtime.errors import StartupError

_MEMORY = Path("/dev/shm")
_PREFIX = "seldon-run-"
_LOCK = "seldon-run.lock"
"""A name that no other program has: the folder around it is removed."""


class RunFolder:
    """Made new, locked while this process lives, and private to the user.

    What runs that were killed have left behind is removed first: it would stay in memory for ever.

    Raises:
        StartupError: there is no folder that this process may write to.
    """

    def __init__(self) -> None:
        parent = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        for left in parent.glob(f"{_PREFIX}*/{_LOCK}"):
            _remove_if_left(left)
        try:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            new = self.path / "new"
            self._lock = new.open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            new.rename(self.path / _LOCK)  # only now can another run find it, and see that it is held
        except OSError as error:
            raise StartupError(
                f"no folder for the workers can be made ({error}): set TMPDIR to one"
            ) from error

    def remove(self) -> None:
        """Remove it, and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _remove_if_left(lock: Path) -> None:
    """Whoever holds the lock lives. A folder of another user can neither be opened nor removed."""
    with suppress(OSError), lock.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.parent)
