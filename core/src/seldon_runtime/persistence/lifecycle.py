"""The life cycle of a component's state: restored at the start, saved while serving and at the end."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

from seldon_runtime import __version__
from seldon_runtime.errors import StartupError
from seldon_runtime.persistence.envelope import Header, seal
from seldon_runtime.persistence.pickling import PicklingFailed, class_path, class_version, dumps
from seldon_runtime.persistence.restore import Restored, check_writable, restore
from seldon_runtime.persistence.saver import Saver
from seldon_runtime.persistence.store import StateStore
from seldon_runtime.persistence.versioned_writer import VersionedWriter
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.observer import SaveRecord
from seldon_runtime.settings.persistence_options import StatePolicy

logger = logging.getLogger(__name__)


class StateLifecycle:
    """The restoring and saving of one component's state.

    Args:
        store: the store of the state.
        key: the key of the state.
        policy: the settings of persistence.
        old_key: the key of the same component in older runtimes, if it was another one.
    """

    def __init__(self, store: StateStore, key: str, policy: StatePolicy, old_key: str | None = None) -> None:
        self._store = store
        self._key = key
        self._old_key = old_key
        self._policy = policy
        self._writer = secrets.token_hex(8)
        self._asked = False
        self._restored: Restored | None = None
        self._saved: bytes | None = None
        self._saver: Saver | None = None

    def restore(self, cls: type) -> object | None:
        """Return the stored object; None when no state is stored.

        Runs on the component's thread; waits for the store as the policy says.

        Raises:
            StartupError: the state is unreadable, untrusted or does not fit ``cls``.
        """
        self._asked = True
        self._restored = restore(self._store, self._key, cls, self._policy, self._old_key)
        check_writable(self._store, self._key, self._policy)
        return self._restored.user if self._restored else None

    def check(self, user: object) -> None:
        """Check that the loaded object can be saved. Runs on the component's thread.

        Raises:
            StartupError: the object cannot be pickled, or its loader does not restore state.
        """
        if not self._asked:
            raise StartupError(
                f"{class_path(type(user))} comes from a loader plugin that does not restore state "
                "(it lacks the hook seldon_restore_component): set PERSISTENCE=0"
            )
        try:
            snapshot = dumps(user)
        except PicklingFailed as error:
            raise StartupError(
                f"the state of {class_path(type(user))} cannot be saved: {error}. To serve without saving "
                "state, set PERSISTENCE=0"
            ) from error.__cause__
        if self._restored is not None and self._restored.is_newest:
            self._saved = snapshot.digest()

    def start(self, user: object, executor: Executor, report: Callable[[SaveRecord], None]) -> None:
        """Start saving, as the policy says.

        Args:
            user: the object to save.
            executor: the component's thread, which makes snapshots between calls.
            report: receives the result of each attempt.
        """
        restored = self._restored
        writer = VersionedWriter(
            self._store,
            self._key,
            writer=self._writer,
            keep=self._policy.versions,
            version=restored.version if restored else 0,
            blob_digest=restored.blob_digest if restored else None,
        )
        self._saver = Saver(
            writer,
            snapshot=lambda: executor.run(lambda: dumps(user)),
            seal=lambda key, snapshot: seal(
                header_for(type(user), key, self._writer), snapshot, self._policy.secret
            ),
            report=report,
            saved=self._saved,
            interval_s=self._policy.interval_s,
        )
        self._saver.start()
        logger.info(
            "saving state %s in %s, every %g s when changed",
            self._key,
            self._store.address,
            self._policy.interval_s,
        )

    def request(self) -> None:
        """Save soon, if the state changed. Signal handlers may call it."""
        if self._saver is not None:
            self._saver.request()

    def finish(self, deadline: float) -> bool:
        """Save the state if it changed, until ``deadline`` (``time.monotonic``) at most.

        Returns:
            True if the newest state is stored.
        """
        if self._saver is None or self._saver.finish(deadline):
            return True
        why = self._saver.cause
        logger.error("the last state was not saved: %s. Changes since the previous save are lost", why)
        return False


def header_for(cls: type, key: str, writer: str) -> Header:
    """Return the header for saving an object of ``cls`` now."""
    return Header(
        key=key,
        class_path=class_path(cls),
        class_version=class_version(cls),
        created=time.time(),
        writer=writer,
        runtime=__version__,
    )
