"""The state of one process: restored at the start, saved while it serves, saved at its end."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from seldon_runtime import __version__
from seldon_runtime.envelope import Header, seal
from seldon_runtime.errors import StartupError
from seldon_runtime.holding import Holding
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.loading import load_class
from seldon_runtime.pickling import PicklingFailed, class_path, class_version, dumps
from seldon_runtime.restoring import Restored, check_writable, restore
from seldon_runtime.saver import Saver
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.state import StateStore
from seldon_runtime.state_options import StatePolicy

logger = logging.getLogger(__name__)


class StateKeeper:
    """Made by the runtime when a store is selected.

    Args:
        store: where state is kept.
        key: under which key.
        policy: how.
    """

    def __init__(self, store: StateStore, key: str, policy: StatePolicy) -> None:
        self._store = store
        self._key = key
        self._policy = policy
        self._writer = secrets.token_hex(8)
        self._asked = False
        self._restored: Restored | None = None
        self._saved: bytes | None = None
        self._saver: Saver | None = None

    @hookimpl
    def seldon_load_component(
        self, reference: str, parameters: Mapping[str, Any], settings: Settings
    ) -> object | None:
        """The restored object; None when no state is stored, and the class is to be constructed."""
        self._asked = True
        self._restored = restore(self._store, self._key, load_class(reference), self._policy)
        check_writable(self._store, self._key, self._policy)
        return self._restored.user if self._restored else None

    def check(self, user: object) -> None:
        """See whether the loaded object can be saved. Runs on the component's thread.

        Raises:
            StartupError: it cannot be pickled, or it was not loaded through us.
        """
        if not self._asked:
            raise StartupError(
                f"{class_path(type(user))} comes from a plugin that loads components, whose state cannot be "
                "restored: set PERSISTENCE=0"
            )
        try:
            snapshot = dumps(user)
        except PicklingFailed as error:
            raise StartupError(
                f"the state of {class_path(type(user))} cannot be kept: {error}. PERSISTENCE=0 serves without"
            ) from error.__cause__
        if self._restored is not None and self._restored.is_newest:
            self._saved = snapshot.digest()

    def start(self, service: Service) -> None:
        """Save from now on, as the policy says; tell ``service`` how that goes."""
        user = service.component.user
        executor = service.executor
        restored = self._restored
        holding = Holding(
            self._store,
            self._key,
            writer=self._writer,
            keep=self._policy.versions,
            version=restored.version if restored else 0,
            blob_digest=restored.blob_digest if restored else None,
        )
        self._saver = Saver(
            holding,
            snapshot=lambda: executor.run(lambda: dumps(user)),
            seal=lambda key, snapshot: seal(
                header_for(type(user), key, self._writer), snapshot, self._policy.secret
            ),
            report=service.tell_saved,
            saved=self._saved,
            interval_s=self._policy.interval_s,
        )
        self._saver.start()
        logger.info(
            "state %s is kept in %s, every %g s when changed",
            self._key,
            self._store.address,
            self._policy.interval_s,
        )

    def request(self) -> None:
        """Save soon, if changed. May be called by a signal handler."""
        if self._saver is not None:
            self._saver.request()

    def finish(self, deadline: float) -> bool:
        """Save what changed, until ``deadline`` (``time.monotonic``) at most, and close the store.

        Returns:
            Whether the newest state is stored.
        """
        kept = self._saver is None or self._saver.finish(deadline)
        if not kept:
            logger.error("the last state was not saved: what was learned since the last save is lost")
        self.close()
        return kept

    def close(self) -> None:
        """Close the store."""
        try:
            self._store.close()
        except Exception:  # stores are plugins
            logger.exception("the store %s failed to close", self._store.address)


def header_for(cls: type, key: str, writer: str) -> Header:
    """What stands before the pickle of an object of ``cls`` that is saved now."""
    return Header(
        key=key,
        class_path=class_path(cls),
        class_version=class_version(cls),
        created=time.time(),
        writer=writer,
        runtime=__version__,
    )
