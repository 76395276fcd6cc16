"""The stored form of state: a snapshot with a header, a checksum and, with a secret, a signature.

Layout, all numbers big-endian::

    magic   8 bytes    b"SELDONST"
    format  2 bytes    1
    flags   2 bytes    1: signed
    length  4 bytes    of the header
    header             JSON, UTF-8
    payload            the pickle and what stands beside it, maybe compressed
    sha256  32 bytes   of everything before
    hmac    32 bytes   HMAC-SHA256 of the sha256 under the secret; only when signed

A newer format may have another header and payload, but prefix, sha256 and hmac keep their places, so that a
newer state can be distinguished from a damaged one. The header has the key of the state, so that the signed
state of one component is not accepted for another. Nothing here unpickles.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from dataclasses import asdict, dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from seldon_runtime.persistence.compression import BadPacking, Packing, join, pack, unpack
from seldon_runtime.persistence.snapshot import Snapshot

FORMAT = 1
KEY_FORM = 2
_MAGIC = b"SELDONST"
_PREFIX = struct.Struct(">8sHHI")
_SIGNED = 1
_DIGEST_BYTES = 32
_MAX_HEADER_BYTES = 64 * 1024
_CODINGS = ("none", "zlib")
_LATEST = 1e11  # seconds since 1970: the year 5138


class EnvelopeError(Exception):
    """A blob that must not be used. The message says why, and completes "the state ..."."""


class CorruptState(EnvelopeError):
    """A damaged blob: cut short, or with a wrong checksum."""


class UntrustedState(EnvelopeError):
    """A blob that is not signed with the secret."""


class ForeignState(EnvelopeError):
    """A blob that is not an envelope, or has a newer format or another key."""


@dataclass(frozen=True, slots=True)
class Header:
    """The description of a state, stored before its pickle."""

    key: str
    class_path: str
    """``module:qualified.name`` of the user's class."""
    class_version: str | None
    """The class's own ``state_version``, as text."""
    created: float
    """Seconds since 1970, UTC."""
    writer: str
    """The id of the process that wrote it: a random text, generated once in each process."""
    runtime: str
    """Version of the runtime that wrote it."""
    key_form: int = KEY_FORM
    """1 in states of runtimes whose keys two components could share; 2 since then."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A header and its snapshot."""

    header: Header
    snapshot: Snapshot


def seal(header: Header, snapshot: Snapshot, secret: bytes | None = None) -> memoryview:
    """Return the blob to store. Blocks for compressing and digesting, without the interpreter's lock.

    Raises:
        ValueError: the header has more than 64 KiB.
    """
    packing, packed = pack(snapshot)
    text = json.dumps({**asdict(header), **asdict(packing)}).encode()
    if len(text) > _MAX_HEADER_BYTES:
        raise ValueError(f"the state's header has {len(text)} bytes, expected at most {_MAX_HEADER_BYTES}")
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
    """Return the header and snapshot of a blob, read only after checksum and signature are verified.

    Args:
        blob: from a store.
        key: the key under which the blob must have been saved; None for any.
        secret: the secret of the blob's signature. None refuses a signed blob: the settings lack the
            secret, and the next save would drop the signature.
        trust_unsigned: True to accept a blob that is not signed.

    Raises:
        CorruptState: the blob is damaged.
        UntrustedState: the blob is not signed with ``secret``.
        ForeignState: the blob is not an envelope, or has a newer format or another key.
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
    """Return the unverified header of a blob, for messages; None if the blob has no valid header."""
    try:
        frame = _Frame.of(blob)
        return _read(frame.text)[0] if frame.version == FORMAT else None
    except EnvelopeError:
        return None


def is_signed(blob: bytes) -> bool:
    """Return whether a blob claims to be signed, with any secret."""
    try:
        return _Frame.of(blob).is_signed
    except EnvelopeError:
        return False


def plain(text: object) -> str:
    """Return a text from a store for a message: short, on one line, without control characters."""
    shown = str(text)
    return f"{shown if shown.isprintable() else ascii(shown):.200}"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The unverified parts of a blob."""

    version: int
    text: bytes
    packed: memoryview
    digested: memoryview
    digest: bytes
    signature: bytes
    is_signed: bool

    @classmethod
    def of(cls, blob: bytes) -> _Frame:
        """Split a blob; raise CorruptState or ForeignState if it lacks these parts."""
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
        """Verify checksum and signature; raise CorruptState, ForeignState or UntrustedState."""
        digest = hashlib.sha256(self.digested).digest()
        if not hmac.compare_digest(digest, self.digest):
            raise CorruptState("is damaged: its checksum is wrong")
        if self.version != FORMAT:
            raise ForeignState(
                f"has format {self.version}, but this runtime reads {FORMAT}: use the runtime that wrote it"
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
                "is not signed with this PERSISTENCE_SECRET_KEY: it was altered, or has another owner"
            )


def _no_envelope(blob: bytes) -> EnvelopeError:
    if _MAGIC.startswith(blob[: len(_MAGIC)]):
        return CorruptState("is damaged: it is cut short")
    known = ": it is a pickle, perhaps of the old wrapper" if blob[:1] == b"\x80" else ""
    return ForeignState(f"was not written by this runtime{known}")


class _Stored(msgspec.Struct):
    """The stored form of the header, which msgspec validates as a whole."""

    key: str
    class_path: str
    class_version: str | None
    created: Annotated[float, Meta(ge=0, lt=_LATEST)]
    writer: str
    runtime: str
    coding: str
    length: Annotated[int, Meta(ge=0)]
    buffers: list[Annotated[int, Meta(ge=0)]]
    key_form: int = 1


def _read(text: bytes) -> tuple[Header, Packing]:
    try:
        # msgspec's own parser refuses the lone surrogates of a key that is not UTF-8
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise CorruptState("is damaged: its header cannot be read") from None
    try:
        stored = msgspec.convert(values, _Stored)
    except msgspec.ValidationError as error:
        raise CorruptState(f"is damaged: its header is not valid: {plain(error)}") from None
    except UnicodeEncodeError:  # a lone surrogate where none is expected
        raise CorruptState("is damaged: its header is not valid: it is not Unicode text") from None
    if sum(stored.buffers) > stored.length:
        raise CorruptState("is damaged: its header is not valid: the buffers are longer than the payload")
    header = Header(
        stored.key,
        stored.class_path,
        stored.class_version,
        stored.created,
        stored.writer,
        stored.runtime,
        stored.key_form,
    )
    return header, Packing(stored.coding, stored.length, stored.buffers)


def _signature(secret: bytes, digest: bytes) -> bytes:
    return hmac.digest(secret, digest, "sha256")
