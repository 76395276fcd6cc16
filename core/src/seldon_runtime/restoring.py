"""State at the start: from the store to the user's object, or the reason why not."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass

from seldon_runtime.envelope import CorruptState, Envelope, EnvelopeError, ForeignState, plain, unseal
from seldon_runtime.errors import StartupError
from seldon_runtime.pickling import UnpicklingFailed, class_path, class_version, loads
from seldon_runtime.state import CheckedStore, StateStore, StoredState, StoreError
from seldon_runtime.state_options import StatePolicy

logger = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 5.0
CORRUPT = "_corrupt"
"""Added to the key under which damaged state is kept for inspection."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The user's object and where it came from."""

    user: object
    version: int
    """The newest one of the store."""
    blob_digest: bytes
    """SHA-256 of that version's blob."""
    is_newest: bool
    """Whether the object was made of it; not when it is damaged and an older one was taken."""


def restore(store: StateStore, key: str, cls: type, policy: StatePolicy) -> Restored | None:
    """The object whose state is stored under ``key``; None when there is none, and the class is to be
    constructed. Runs on the component's thread; waits for the store as ``policy`` says.

    A damaged version is copied to another key, and the one before it is used.

    Raises:
        StartupError: the store does not answer; the state is not trusted, or of another class
            or class version, or cannot be unpickled, or no version of it is whole. Nothing
            in the store has been changed then.
    """
    try:
        newest = _patiently(store, key, policy)
        if newest is None:
            return None
        return _usable(store, key, cls, policy, newest)
    except StoreError as error:
        raise StartupError(
            f"state cannot be read from {store.address}: {_clause(error, store)}. Mend the store, or set "
            "PERSISTENCE_AT_START to wait or fresh, or PERSISTENCE=0 to keep no state"
        ) from None


def check_writable(store: StateStore, key: str, policy: StatePolicy) -> None:
    """See whether state could be saved, if the store can tell.

    Raises:
        StartupError: it could not, and that is no reason to go on.
    """
    if not isinstance(store, CheckedStore):
        return
    try:
        store.check_writable(key)
    except StoreError as error:
        if policy.at_start != "fresh":
            raise StartupError(
                f"state could not be saved in {store.address}: {_clause(error, store)}. Mend the store, or "
                "set PERSISTENCE_AT_START=fresh to serve until it can, or PERSISTENCE=0 to keep no state"
            ) from None
        logger.error("state cannot be saved, starting all the same as PERSISTENCE_AT_START says: %s", error)


def _clause(error: StoreError, store: StateStore) -> str:
    """Its message, without the address in front and the full stop that a store's library may have set."""
    return str(error).removeprefix(f"{store.address}: ").rstrip(". ")


def _patiently(store: StateStore, key: str, policy: StatePolicy) -> StoredState | None:
    deadline = time.monotonic() + (policy.wait_s if policy.at_start == "wait" else 0.0)
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            return store.load(key)
        except StoreError as error:
            if policy.at_start == "fresh":
                logger.error("state cannot be read, starting fresh as PERSISTENCE_AT_START says: %s", error)
                return None
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            logger.warning("state cannot be read, trying again for %.0f s: %s", left, error)
        time.sleep(min(wait_s, left))
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def _usable(store: StateStore, key: str, cls: type, policy: StatePolicy, newest: StoredState) -> Restored:
    damaged: EnvelopeError | None = None
    for version in [newest.version, *(v for v in store.versions(key) if v < newest.version)]:
        stored = newest if version == newest.version else store.load(key, version)
        if stored is None:
            continue
        try:
            user = _object(unseal(stored.blob, key, policy.secret), cls)
        except CorruptState as error:
            logger.error(
                "version %d of the state %s %s; a copy is kept as %s%s", version, key, error, key, CORRUPT
            )
            _keep_copy(store, key, stored.blob)
            damaged = error
            continue
        except EnvelopeError as error:
            raise _refused(store, key, version, f"{error}{_remedy(error, stored.blob)}") from error.__cause__
        logger.info("restored version %d of the state %s from %s", version, key, store.address)
        digest = hashlib.sha256(newest.blob).digest()
        return Restored(user, newest.version, digest, version == newest.version)
    raise _refused(
        store,
        key,
        newest.version,
        f"{damaged}, and there is no version before it that is whole. "
        "'seldon-run state delete' deletes it, for a fresh start",
    )


def _object(envelope: Envelope, cls: type) -> object:
    """Raises ForeignState when it is not one of ``cls``."""
    header = envelope.header
    own, own_version = class_path(cls), class_version(cls)
    if header.class_path != own:
        raise ForeignState(f"is of the class {plain(header.class_path)}, not {own}. {_OTHER_CLASS}")
    if header.class_version != own_version:
        theirs = plain(header.class_version)
        raise ForeignState(f"is of state_version {theirs}, while {own} has {own_version}. {_OTHER_CLASS}")
    try:
        return loads(envelope.snapshot, cls)
    except UnpicklingFailed as error:
        raise ForeignState(f"{error}. {_OTHER_CLASS}") from error.__cause__


def _refused(store: StateStore, key: str, version: int, why: str) -> StartupError:
    return StartupError(
        f"version {version} of the state {key} in {store.address} {why}. It has been left as it is"
    )


_OTHER_CLASS = (
    "Serve the class that fits, or give this one another PREDICTIVE_UNIT_ID, or put the state aside "
    "with 'seldon-run state export' and 'seldon-run state delete'"
)


def _remedy(error: EnvelopeError, blob: bytes) -> str:
    if isinstance(error, ForeignState) and blob[:1] == b"\x80":
        return ". If you trust it, import it once with 'seldon-run state import'"
    if "is not signed," in str(error):
        return ". If you trust it, sign it once with 'seldon-run state restore --trust-unsigned'"
    return ""


def _keep_copy(store: StateStore, key: str, blob: bytes) -> None:
    """Once: a process that is started again and again leaves one copy."""
    kept = store.load(key + CORRUPT)
    if kept is None or kept.blob != blob:
        store.save(key + CORRUPT, blob, expected=None, keep=3)
