"""What is stored: a snapshot with a header that says what it is, a checksum and, with a key, a signature.

Layout, all numbers big-endian::

    magic   8 bytes    b"SELDONST"
    format  2 bytes    1
    flags   2 bytes    1: signed
    length  4 bytes    of the header
    header             JSON, UTF-8
    payload            the pickle and what stands beside it, maybe compressed: :mod:`seldon_runtime.packing`
    sha256  32 bytes   of everything before
    hmac    32 bytes   HMAC-SHA256 of the sha256 under the secret; only when signed

A newer format may have another header and payload, but prefix, sha256 and hmac stand where they are, so that
it can be told from a damaged one. The header names the key it was saved under, so that a signed state of one
component is not taken for that of another. Nothing in here unpickles.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from dataclasses import asdict, dataclass, fields
from typing import Any

from seldon_runtime.packing import BadPacking, Packing, join, pack, unpack
from seldon_runtime.snapshot import Snapshot

FORMAT = 1
_MAGIC = b"SELDONST"
_PREFIX = struct.Struct(">8sHHI")
_SIGNED = 1
_DIGEST_BYTES = 32
_MAX_HEADER_BYTES = 64 * 1024
_CODINGS = ("none", "zlib")
_LATEST = 1e11  # seconds since 1970: the year 5138


class EnvelopeError(Exception):
    """A blob that is not to be used. The message says why; it completes "the state ... ": no subject."""


class CorruptState(EnvelopeError):
    """It is damaged: cut short, or its checksum is wrong."""


class UntrustedState(EnvelopeError):
    """It is not signed with the secret."""


class ForeignState(EnvelopeError):
    """It is no envelope, or one of a newer format, or of another key."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the pickle."""

    key: str
    class_path: str
    """``module:qualified.name`` of the user's class."""
    class_version: str | None
    """The class's own ``state_version``, as text."""
    created: float
    """Seconds since 1970, UTC."""
    writer: str
    """Which process wrote it: a random text, made once by each."""
    runtime: str
    """Version of the runtime that wrote it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A header and what stands behind it."""

    header: Header
    snapshot: Snapshot


def seal(header: Header, snapshot: Snapshot, secret: bytes | None = None) -> memoryview:
    """The blob to store. Blocks for compressing and digesting, without the interpreter's lock.

    Raises:
        ValueError: the header has more than 64 KiB.
    """
    packing, packed = pack(snapshot)
    text = json.dumps({**asdict(header), **asdict(packing)}).encode()
    if len(text) > _MAX_HEADER_BYTES:
        raise ValueError(f"the header of the state has {len(text)} bytes, possible are {_MAX_HEADER_BYTES}")
    parts = [_PREFIX.pack(_MAGIC, FORMAT, _SIGNED if secret else 0, len(text)), text, *packed]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    parts.append(digest.digest())
    if secret:
        parts.append(_signature(secret, digest.digest()))
    return join(parts)


def unseal(
    blob: bytes, key: str | None, secret: bytes | None = None, *, trust_unsigned: bool = False
) -> Envelope:
    """The header and snapshot of a blob. Nothing of it is read before checksum and signature are right.

    Args:
        blob: from a store.
        key: what it must have been saved under; None: anything.
        secret: what it must be signed with; without one it must not be signed, since then the
            secret has been forgotten, and the next save would undo the signature.
        trust_unsigned: take an unsigned one all the same.

    Raises:
        CorruptState: damaged.
        UntrustedState: not signed with ``secret``.
        ForeignState: no envelope, of a newer format, or of another key.
    """
    frame = _Frame.of(blob)
    frame.verify(secret, trust_unsigned)
    header, packing = _read(frame.text)
    if key is not None and header.key != key:
        raise ForeignState(f"was saved under the key {plain(header.key)}, not {plain(key)}")
    if packing.coding not in _CODINGS:
        raise ForeignState(f"is compressed with {plain(packing.coding)}, which this runtime does not know")
    try:
        return Envelope(header, unpack(packing, frame.packed))
    except BadPacking as error:
        raise CorruptState(f"is damaged: {error}") from None


def peek(blob: bytes) -> Header | None:
    """The header of a blob, nothing of it checked; None when there is none to read. For messages."""
    try:
        frame = _Frame.of(blob)
        return _read(frame.text)[0] if frame.version == FORMAT else None
    except EnvelopeError:
        return None


def is_signed(blob: bytes) -> bool:
    """Whether a blob claims to be signed; not whether it is signed with our secret."""
    try:
        return _Frame.of(blob).is_signed
    except EnvelopeError:
        return False


def plain(text: object) -> str:
    """A text from a store for a message: on one line, without control characters, and not long."""
    shown = str(text)
    return f"{shown if shown.isprintable() else ascii(shown):.200}"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The parts of a blob, none of them read."""

    version: int
    text: bytes
    packed: memoryview
    digested: memoryview
    digest: bytes
    signature: bytes
    is_signed: bool

    @classmethod
    def of(cls, blob: bytes) -> _Frame:
        """Raises CorruptState or ForeignState when there are no such parts."""
        if len(blob) < _PREFIX.size or not blob.startswith(_MAGIC):
            raise _no_envelope(blob)
        _, version, flags, length = _PREFIX.unpack_from(blob)
        is_signed = bool(flags & _SIGNED)
        start = _PREFIX.size + length
        end = len(blob) - _DIGEST_BYTES * (2 if is_signed else 1)
        if length > _MAX_HEADER_BYTES or start > end:
            raise CorruptState("is damaged: it is cut short")
        view = memoryview(blob)
        text, packed, digested = blob[_PREFIX.size : start], view[start:end], view[:end]
        digest, signature = blob[end : end + _DIGEST_BYTES], blob[end + _DIGEST_BYTES :]
        return cls(version, text, packed, digested, digest, signature, is_signed)

    def verify(self, secret: bytes | None, trust_unsigned: bool) -> None:
        """Raises CorruptState, ForeignState or UntrustedState."""
        digest = hashlib.sha256(self.digested).digest()
        if not hmac.compare_digest(digest, self.digest):
            raise CorruptState("is damaged: its checksum is wrong")
        if self.version != FORMAT:
            raise ForeignState(
                f"has format {self.version}, this runtime knows {FORMAT}: use the runtime that wrote it"
            )
        if self.is_signed and not secret:
            raise UntrustedState("is signed, but PERSISTENCE_SECRET_KEY is not set")
        if not secret:
            return
        if not self.is_signed:
            if trust_unsigned:
                return
            raise UntrustedState("is not signed, but PERSISTENCE_SECRET_KEY is set")
        if not hmac.compare_digest(_signature(secret, digest), self.signature):
            raise UntrustedState(
                "is not signed with this PERSISTENCE_SECRET_KEY: altered, or of another owner"
            )


def _no_envelope(blob: bytes) -> EnvelopeError:
    if _MAGIC.startswith(blob[: len(_MAGIC)]):
        return CorruptState("is damaged: it is cut short")
    known = ": it is a pickle, maybe of the old wrapper" if blob[:1] == b"\x80" else ""
    return ForeignState(f"was not written by this runtime{known}")


def _read(text: bytes) -> tuple[Header, Packing]:
    try:
        values = json.loads(text)
        header = Header(**{field.name: values[field.name] for field in fields(Header)})
        packing = Packing(**{field.name: values[field.name] for field in fields(Packing)})
    except (KeyError, TypeError, ValueError, RecursionError):
        raise CorruptState("is damaged: its header cannot be read") from None
    if not _is_sound(values):
        raise CorruptState("is damaged: its header holds what it cannot")
    return header, packing


def _is_sound(values: dict[str, Any]) -> bool:
    """Whether all is of its type and within bounds."""
    texts = [values[name] for name in ("key", "class_path", "writer", "runtime", "coding")]
    created, length, buffers = values["created"], values["length"], values["buffers"]
    return (
        all(isinstance(text, str) for text in (*texts, values["class_version"] or ""))
        and type(created) in (int, float)
        and 0 <= created < _LATEST
        and isinstance(buffers, list)
        and all(type(size) is int and size >= 0 for size in (length, *buffers))
        and sum(buffers) <= length
    )


def _signature(secret: bytes, digest: bytes) -> bytes:
    return hmac.digest(secret, digest, "sha256")
