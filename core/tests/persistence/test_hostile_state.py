"""What a store holds is anybody's: it is refused clearly, in bounded memory, and is never unpickled."""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle
import struct
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.persistence.envelope import (
    CorruptState,
    EnvelopeError,
    Header,
    UntrustedState,
    peek,
    seal,
    unseal,
)
from seldon_runtime.persistence.snapshot import Snapshot

HEADER = Header("persistence_0_0_0", "Model:Model", None, 1.5, "writer", "0.1.0")
KEY = HEADER.key
SECRET = b"correct horse battery staple"


def blob_of(text, payload=b"", secret=None, flags=None):
    """An envelope that is right but for what the arguments say."""
    prefix = struct.pack(">8sHHI", b"SELDONST", 1, bool(secret) if flags is None else flags, len(text))
    digest = hashlib.sha256(prefix + text + payload).digest()
    return prefix + text + payload + digest + (hmac.digest(secret, digest, "sha256") if secret else b"")


def header(**changes):
    return json.dumps({**asdict(HEADER), "coding": "none", "length": 0, "buffers": [], **changes}).encode()


@pytest.fixture(autouse=True)
def _no_unpickling(monkeypatch):
    def unpickle(*_args, **_keywords):
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(pickle, "loads", unpickle)
    monkeypatch.setattr(pickle, "Unpickler", unpickle)


def refused(blob, secret=None):
    """It raises nothing but an EnvelopeError, with and without a secret."""
    peek(blob)
    with pytest.raises(EnvelopeError) as caught:
        unseal(blob, KEY, secret)
    assert str(caught.value).isprintable()
    return caught.value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=6,
)
FIELDS = sorted(json.loads(header()))


@given(st.binary(max_size=300), st.none() | st.just(SECRET))
def test_any_bytes_are_refused(blob, secret):
    refused(blob, secret)


@given(st.binary(max_size=300), st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1))
def test_any_length_and_flags_are_refused(rest, length, flags):
    refused(struct.pack(">8sHHI", b"SELDONST", 1, flags, length) + rest)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()), st.binary())
def test_any_header_text_with_a_right_checksum_is_refused(text, payload):
    refused(blob_of(text, payload))
    refused(blob_of(text, payload, SECRET), SECRET)


@given(st.sampled_from(FIELDS), json_values, st.binary(max_size=100))
def test_any_value_of_any_field_is_taken_or_refused(field, value, payload):
    blob = blob_of(header(**{"length": len(payload), field: value}), payload)
    if peek(blob) is None:
        refused(blob)
        return
    with suppress(EnvelopeError):  # of another key, or coding
        envelope = unseal(blob, KEY)
        assert envelope.snapshot.size == len(payload)
        assert all(isinstance(text, str) for text in (envelope.header.class_path, envelope.header.writer))


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 60_000,
        b'{"key":' * 9000,
        b"9" * 60_000,
        header(created=float("inf")),
        header(created=float("nan")),
        header(created=1e300),
        header(created=True),
        header(length=-1),
        header(length=10**30),
        header(length=1.0),
        header(length="0"),
        header(length=True),
        header(buffers=[1]),
        header(buffers=[2, -2]),
        header(buffers="00"),
        header(buffers={}),
        header(class_path=None),
        header(class_version=7),
        header(coding="brotli"),
        header(coding=["zlib"]),
        header(coding="zlib"),
    ],
)
def test_headers_that_lie_are_refused(text):
    refused(blob_of(text))
    refused(blob_of(text, secret=SECRET), SECRET)


@pytest.mark.parametrize("secret", [None, SECRET])
def test_a_small_blob_cannot_take_much_memory(secret):
    """A bomb that says what it is may take what its header says, but not without a right signature."""
    bomb = zlib.compress(bytes(50_000_000), 9)
    lies = [
        blob_of(header(coding="zlib", length=length), bomb, secret)
        for length in (0, 10, 2**40, 2**70)  # of 50 MB
    ]
    lies.append(blob_of(header(coding="none", length=2**40, buffers=[2**39]), secret=secret))
    if secret:
        lies.append(blob_of(header(coding="zlib", length=50_000_000), bomb, b"another secret"))
        lies.append(blob_of(header(coding="zlib", length=50_000_000), bomb))
    for blob in lies:
        tracemalloc.start()
        refused(blob, secret)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1_000_000


def test_with_a_secret_the_header_of_a_stranger_is_not_even_read(monkeypatch):
    def parse(text):
        raise AssertionError("it was read")

    monkeypatch.setattr(json, "loads", parse)
    for blob in (blob_of(b"{"), blob_of(b"{", secret=b"another secret")):
        with pytest.raises(UntrustedState):
            unseal(blob, KEY, SECRET)


@given(st.binary(max_size=100), st.data())
def test_a_signature_of_the_secret_over_other_bytes_does_not_do(payload, data):
    blob = bytes(seal(HEADER, Snapshot(payload), SECRET))
    other = blob_of(header(length=5), b"other")
    with pytest.raises(EnvelopeError):
        unseal(other + blob[-32:], KEY, SECRET)
    flagged = blob_of(header(length=5), b"other", flags=1)
    with pytest.raises(UntrustedState, match="not signed with this"):
        unseal(flagged + blob[-32:], KEY, SECRET)


def test_a_checksum_in_place_of_a_signature_does_not_do():
    blob = blob_of(header(), flags=1)
    with pytest.raises(UntrustedState):
        unseal(blob + blob[-32:], KEY, SECRET)
    with pytest.raises(CorruptState):
        unseal(blob, KEY, SECRET)
