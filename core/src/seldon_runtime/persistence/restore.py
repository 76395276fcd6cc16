"""Restoring the user's object from the store at the start."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass, replace

from seldon_runtime.errors import StartupError
from seldon_runtime.persistence.envelope import (
    KEY_FORM,
    CorruptState,
    Envelope,
    EnvelopeError,
    ForeignState,
    peek,
    plain,
    seal,
    unseal,
)
from seldon_runtime.persistence.pickling import UnpicklingFailed, class_path, class_version, loads
from seldon_runtime.persistence.store import CheckedStore, StateStore, StoredState, StoreError
from seldon_runtime.settings.persistence_options import StatePolicy

logger = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 5.0
_SEPARATOR = "_"
CORRUPT = "_corrupt"
"""The suffix of the key under which a copy of damaged state is stored for inspection."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored object and its origin."""

    user: object
    version: int
    """The newest version in the store."""
    blob_digest: bytes
    """SHA-256 of the newest version's blob."""
    is_newest: bool
    """True if the object comes from the newest version; False if that version is damaged."""


def restore(
    store: StateStore, key: str, cls: type, policy: StatePolicy, old_key: str | None = None
) -> Restored | None:
    """Return the object whose state is stored under ``key``; None when no state is stored.

    Runs on the component's thread; waits for the store as ``policy`` says. Copies a damaged version to
    another key, and restores the version before it. Moves a state from ``old_key``, where an older runtime
    saved it, to ``key``. Does neither if the policy is read-only.

    Raises:
        StartupError: the store does not respond; the state is untrusted, has another class or class
            version, or cannot be unpickled; or every version is damaged. The state is unchanged then.
    """
    try:
        newest = _load(store, key, policy)
        if newest is not None:
            return _usable(store, key, cls, policy, newest)[0]
        return _moved(store, old_key, key, cls, policy) if old_key is not None else None
    except StoreError as error:
        raise StartupError(
            f"state cannot be read from {store.address}: {_clause(error, store)}. Repair the store, or set "
            "PERSISTENCE_AT_START to wait or fresh, or PERSISTENCE=0 to keep no state"
        ) from None


def check_writable(store: StateStore, key: str, policy: StatePolicy) -> None:
    """Check that state can be saved, if the store supports it and the policy is not read-only.

    Raises:
        StartupError: the store is not writable, and PERSISTENCE_AT_START does not say to serve anyway.
    """
    if policy.is_read_only or not isinstance(store, CheckedStore):
        return
    try:
        store.check_writable(key)
    except StoreError as error:
        if policy.at_start != "fresh":
            raise StartupError(
                f"state could not be saved in {store.address}: {_clause(error, store)}. Repair the store, or "
                "set PERSISTENCE_AT_START=fresh to serve until it can, or PERSISTENCE=0 to keep no state"
            ) from None
        logger.error("state cannot be saved, starting anyway as PERSISTENCE_AT_START says: %s", error)


def _clause(error: StoreError, store: StateStore) -> str:
    """Return the error's message without the store's address and the full stop."""
    return str(error).removeprefix(f"{store.address}: ").rstrip(". ")


def _load(store: StateStore, key: str, policy: StatePolicy) -> StoredState | None:
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


def _moved(store: StateStore, old_key: str, key: str, cls: type, policy: StatePolicy) -> Restored | None:
    """Restore the state of an older runtime, and save it under the new key; None without such a state.

    The old key of a component may be another component's key today, such as the one with unset names
    instead of "0". That one keeps the state, too.
    """
    newest = _load(store, old_key, policy)
    if newest is None or not _may_move(newest.blob, old_key):
        return None
    restored, envelope = _usable(store, old_key, cls, policy, newest)
    if policy.is_read_only:
        return replace(restored, version=0, is_newest=False)
    header = replace(envelope.header, key=key, key_form=KEY_FORM)
    blob = seal(header, envelope.snapshot, policy.secret)
    try:
        version = store.save(key, blob, expected=0, keep=policy.versions)
    except StoreError as error:
        if policy.at_start != "fresh":
            raise
        logger.error("the state %s cannot be moved to %s, starting anyway: %s", old_key, key, error)
        return replace(restored, version=0, is_newest=False)
    if old_key.count(_SEPARATOR) != key.count(_SEPARATOR):
        store.delete(old_key)
    logger.info("moved the state %s to its new key %s", old_key, key)
    return replace(restored, version=version, blob_digest=hashlib.sha256(blob).digest(), is_newest=True)


def _may_move(blob: bytes, old_key: str) -> bool:
    """Return False for a state that another component saved, or for a copy of a damaged one."""
    header = peek(blob)
    if header is None:
        return not old_key.endswith(CORRUPT)
    return header.key == old_key and header.key_form < KEY_FORM


def _usable(
    store: StateStore, key: str, cls: type, policy: StatePolicy, newest: StoredState
) -> tuple[Restored, Envelope]:
    damaged: EnvelopeError | None = None
    has_copy = False
    for version in [newest.version, *(v for v in store.versions(key) if v < newest.version)]:
        stored = newest if version == newest.version else store.load(key, version)
        if stored is None:
            continue
        try:
            envelope = unseal(stored.blob, key, policy.secret)
            user = _object(envelope, cls)
        except CorruptState as error:
            logger.error("version %d of the state %s %s", version, key, error)
            has_copy |= not policy.is_read_only and _keep_copy(store, key, stored.blob)
            damaged = error
            continue
        except EnvelopeError as error:
            why = f"{error}{_remedy(error, stored.blob)}"
            raise _refused(store, key, version, why, has_copy) from error.__cause__
        logger.info("restored version %d of the state %s from %s", version, key, store.address)
        digest = hashlib.sha256(newest.blob).digest()
        return Restored(user, newest.version, digest, version == newest.version), envelope
    raise _refused(
        store,
        key,
        newest.version,
        f"{damaged}, and all earlier versions are damaged too. "
        "To start fresh, delete the state with 'seldon-run state delete'",
        has_copy,
    )


def _object(envelope: Envelope, cls: type) -> object:
    """Return the object of an envelope; raise ForeignState if its class is not ``cls``."""
    header = envelope.header
    own, own_version = class_path(cls), class_version(cls)
    if header.class_path != own:
        raise ForeignState(f"has the class {plain(header.class_path)}, expected {own}. {_OTHER_CLASS}")
    if header.class_version != own_version:
        theirs = plain(header.class_version)
        raise ForeignState(f"has state_version {theirs}, but {own} has {own_version}. {_OTHER_CLASS}")
    try:
        return loads(envelope.snapshot, cls)
    except UnpicklingFailed as error:
        raise ForeignState(f"{error}. {_OTHER_CLASS}") from error.__cause__


def _refused(store: StateStore, key: str, version: int, why: str, has_copy: bool) -> StartupError:
    rest = (
        f"The state is unchanged, with a copy under {key}{CORRUPT}" if has_copy else "The store is unchanged"
    )
    return StartupError(f"version {version} of the state {key} in {store.address} {why}. {rest}")


_OTHER_CLASS = (
    "Serve the class of the state, or set another PREDICTIVE_UNIT_ID, or move the state away with "
    "'seldon-run state export' and 'seldon-run state delete'"
)


def _remedy(error: EnvelopeError, blob: bytes) -> str:
    if isinstance(error, ForeignState) and blob[:1] == b"\x80":
        return ". If you trust it, import it once with 'seldon-run state import'"
    if "is not signed," in str(error):
        return ". If you trust it, sign it once with 'seldon-run state restore --trust-unsigned'"
    return ""


def _keep_copy(store: StateStore, key: str, blob: bytes) -> bool:
    """Store a copy of damaged state, once over many starts; return whether it is stored."""
    try:
        kept = store.load(key + CORRUPT)
        if kept is None or kept.blob != blob:
            store.save(key + CORRUPT, blob, expected=None, keep=3)
    except StoreError as error:
        logger.warning("no copy of the damaged state %s can be kept: %s", key, error)
        return False
    logger.info("a copy of the damaged state %s is kept as %s%s", key, key, CORRUPT)
    return True
