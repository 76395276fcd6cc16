"""What is stored: a pickle with a header that says what it is, a checksum and, with a key, a signature.

Layout, all numbers big-endian::

    magic   8 bytes    b"SELDONST"
    format  2 bytes    1
    flags   2 bytes    1: signed
    length  4 bytes    of the header
    header             JSON, UTF-8
    payload            the rest but for what follows
    sha256  32 bytes   of everything before
    hmac    32 bytes   HMAC-SHA256 of the sha256 under the secret; only when signed

The header names the key it was saved under, so that a signed state of one component is not
taken for that of another. Nothing in here unpickles.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import zlib
from dataclasses import asdict, dataclass, fields
from typing import Any

FORMAT = 1
COMPRESS_ABOVE_BYTES = 16 * 1024
_MAGIC = b"SELDONST"
_PREFIX = struct.Struct(">8sHHI")
_SIGNED = 1
_DIGEST_BYTES = 32
_MAX_HEADER_BYTES = 64 * 1024
_SAMPLE_BYTES = 64 * 1024


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
    """A header and the pickle behind it."""

    header: Header
    payload: bytes


def seal(header: Header, payload: bytes, secret: bytes | None = None) -> bytes:
    """The blob to store. Blocks for the compression and the digest of ``payload``."""
    packed, coding = _compressed(payload)
    text = json.dumps({**asdict(header), "coding": coding, "length": len(payload)}).encode()
    prefix = _PREFIX.pack(_MAGIC, FORMAT, _SIGNED if secret else 0, len(text))
    digest = hashlib.sha256(prefix)
    digest.update(text)
    digest.update(packed)
    signature = _signature(secret, digest.digest()) if secret else b""
    return b"".join((prefix, text, packed, digest.digest(), signature))


def unseal(
    blob: bytes, key: str | None, secret: bytes | None = None, *, trust_unsigned: bool = False
) -> Envelope:
    """The header and pickle of a blob, checked.

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
    values, start, end, signed = _frame(blob)
    digest = hashlib.sha256(memoryview(blob)[:end]).digest()
    if not hmac.compare_digest(digest, blob[end : end + _DIGEST_BYTES]):
        raise CorruptState("is damaged: its checksum is wrong")
    if secret and not signed and not trust_unsigned:
        raise UntrustedState("is not signed, but PERSISTENCE_SECRET_KEY is set")
    if secret and signed and not hmac.compare_digest(_signature(secret, digest), blob[end + _DIGEST_BYTES :]):
        raise UntrustedState("is not signed with this PERSISTENCE_SECRET_KEY: altered, or of another owner")
    if signed and not secret:
        raise UntrustedState("is signed, but PERSISTENCE_SECRET_KEY is not set")
    header, coding, length = _header(values)
    if key is not None and header.key != key:
        raise ForeignState(f"was saved under the key {header.key}, not {key}")
    return Envelope(header, _expanded(memoryview(blob)[start:end], coding, length))


def peek(blob: bytes) -> Header | None:
    """The header of a blob, nothing of it checked; None when there is none to read. For messages."""
    try:
        return _header(_frame(blob)[0])[0]
    except EnvelopeError:
        return None


def is_signed(blob: bytes) -> bool:
    """Whether a blob claims to be signed; not whether it is signed with our secret."""
    try:
        return _frame(blob)[3]
    except EnvelopeError:
        return False


def _frame(blob: bytes) -> tuple[dict[str, Any], int, int, bool]:
    """Header fields, where the payload starts and ends, and whether the blob is signed."""
    if len(blob) < _PREFIX.size or not blob.startswith(_MAGIC):
        if _MAGIC.startswith(blob[: len(_MAGIC)]):
            raise CorruptState("is damaged: it is cut short")
        raise ForeignState(
            "was not written by this runtime"
            + (": it is a pickle, maybe of the old wrapper" if blob[:1] == b"\x80" else "")
        )
    _, version, flags, length = _PREFIX.unpack_from(blob)
    if version != FORMAT:
        raise ForeignState(
            f"has format {version}, this runtime knows {FORMAT}: use the runtime that wrote it"
        )
    signed = bool(flags & _SIGNED)
    start = _PREFIX.size + length
    end = len(blob) - _DIGEST_BYTES * (2 if signed else 1)
    if length > _MAX_HEADER_BYTES or start > end:
        raise CorruptState("is damaged: it is cut short")
    try:
        fields = json.loads(blob[_PREFIX.size : start])
    except ValueError:
        raise CorruptState("is damaged: its header cannot be read") from None
    return fields, start, end, signed


def _header(values: Any) -> tuple[Header, str, int]:
    try:
        known = {field.name: values[field.name] for field in fields(Header)}
        return Header(**known), str(values["coding"]), int(values["length"])
    except (KeyError, TypeError, ValueError):
        raise CorruptState("is damaged: its header is incomplete") from None


def _signature(secret: bytes, digest: bytes) -> bytes:
    return hmac.digest(secret, digest, "sha256")


def _compressed(payload: bytes) -> tuple[bytes, str]:
    """zlib's fastest level, which every Python can read. Model weights hardly shrink, and are left as is."""
    if len(payload) <= COMPRESS_ABOVE_BYTES:
        return payload, "none"
    middle = len(payload) // 2
    sample = payload[middle : middle + _SAMPLE_BYTES]
    if len(zlib.compress(sample, 1)) > 0.9 * len(sample):
        return payload, "none"
    return zlib.compress(payload, 1), "zlib"


def _expanded(packed: memoryview, coding: str, length: int) -> bytes:
    if coding == "none":
        payload = bytes(packed)
    elif coding == "zlib":
        try:
            payload = zlib.decompressobj().decompress(packed, length + 1)
        except (zlib.error, ValueError) as error:
            raise CorruptState(f"is damaged: it cannot be expanded ({error})") from None
    else:
        raise ForeignState(f"is compressed with {coding!r}, which this runtime does not know")
    if len(payload) != length:
        raise CorruptState(f"is damaged: it has {len(payload)} bytes, its header says {length}")
    return payload
