"""The envelope around stored state: what was sealed comes back, and nothing else does."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.envelope import (
    COMPRESS_ABOVE_BYTES,
    CorruptState,
    EnvelopeError,
    ForeignState,
    Header,
    UntrustedState,
    is_signed,
    peek,
    seal,
    unseal,
)

HEADER = Header("persistence_0_0_0", "Model:Model", None, 1.5, "writer", "0.1.0")
KEY = HEADER.key

texts = st.text(max_size=30)
headers = st.builds(
    Header,
    key=texts,
    class_path=texts,
    class_version=st.none() | texts,
    created=st.floats(allow_nan=False, allow_infinity=False),
    writer=texts,
    runtime=texts,
)
payloads = st.binary(max_size=200) | st.builds(
    lambda part, times: part * times, st.binary(min_size=1, max_size=50), st.integers(1, 3000)
)
secrets = st.none() | st.binary(min_size=1, max_size=40)


@given(headers, payloads, secrets)
def test_what_is_sealed_is_unsealed(header, payload, secret):
    blob = seal(header, payload, secret)
    envelope = unseal(blob, header.key, secret)
    assert envelope.header == header
    assert envelope.payload == payload
    assert peek(blob) == header
    assert is_signed(blob) is (secret is not None)


@given(payloads, secrets, st.data())
def test_no_changed_byte_goes_unnoticed(payload, secret, data):
    blob = bytearray(seal(HEADER, payload, secret))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeError):
        unseal(bytes(blob), KEY, secret)


@given(payloads, secrets, st.data())
def test_no_cut_goes_unnoticed(payload, secret, data):
    blob = seal(HEADER, payload, secret)
    with pytest.raises(EnvelopeError):
        unseal(blob[: data.draw(st.integers(0, len(blob) - 1))], KEY, secret)


@given(st.binary(max_size=300), secrets)
def test_any_bytes_are_refused_without_another_exception(blob, secret):
    with pytest.raises(EnvelopeError):
        unseal(blob, KEY, secret)
    peek(blob)


@given(payloads, st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40))
def test_another_secret_does_not_do(payload, secret, other):
    # HMAC fills a short key up with zeros (RFC 2104, section 2)
    if secret.rstrip(b"\0") != other.rstrip(b"\0"):
        with pytest.raises(UntrustedState):
            unseal(seal(HEADER, payload, secret), KEY, other)


def test_an_unsigned_state_is_taken_with_a_secret_only_when_asked():
    blob = seal(HEADER, b"payload")
    with pytest.raises(UntrustedState, match="not signed, but PERSISTENCE_SECRET_KEY is set"):
        unseal(blob, KEY, b"secret")
    assert unseal(blob, KEY, b"secret", trust_unsigned=True).payload == b"payload"


def test_a_signature_of_another_secret_is_not_trusted_even_when_asked_to_trust_unsigned():
    with pytest.raises(UntrustedState):
        unseal(seal(HEADER, b"payload", b"one"), KEY, b"two", trust_unsigned=True)


def test_a_signed_state_without_a_secret_is_refused():
    with pytest.raises(UntrustedState, match="PERSISTENCE_SECRET_KEY is not set"):
        unseal(seal(HEADER, b"payload", b"secret"), KEY)


def test_a_signature_cannot_be_taken_off():
    blob = bytearray(seal(HEADER, b"payload", b"secret"))
    blob[11] &= ~1
    with pytest.raises(EnvelopeError):
        unseal(bytes(blob[:-32]), KEY, b"secret")


def test_a_state_of_another_key_is_refused():
    with pytest.raises(ForeignState, match="saved under the key persistence_0_0_0, not persistence_0_0_1"):
        unseal(seal(HEADER, b"payload", b"secret"), "persistence_0_0_1", b"secret")


def test_a_newer_format_is_told_from_damage():
    blob = bytearray(seal(HEADER, b"payload"))
    blob[9] = 2
    with pytest.raises(ForeignState, match="format 2, this runtime knows 1"):
        unseal(bytes(blob), KEY)


def test_a_pickle_is_recognised():
    with pytest.raises(ForeignState, match="it is a pickle"):
        unseal(b"\x80\x04pickle", KEY)


def test_what_shrinks_is_compressed_and_what_does_not_is_left():
    import os

    shrinks = b"abc" * COMPRESS_ABOVE_BYTES
    assert len(seal(HEADER, shrinks)) < len(shrinks) / 10
    noise = os.urandom(COMPRESS_ABOVE_BYTES * 4)
    assert len(noise) < len(seal(HEADER, noise)) < len(noise) + 1000


def test_an_expansion_beyond_the_announced_length_is_damage():
    import hashlib
    import json
    import struct
    import zlib

    fields = {**dataclasses.asdict(HEADER), "coding": "zlib", "length": 10}
    text = json.dumps(fields).encode()
    body = struct.pack(">8sHHI", b"SELDONST", 1, 0, len(text)) + text + zlib.compress(bytes(10_000_000))
    with pytest.raises(CorruptState, match="its header says 10"):
        unseal(body + hashlib.sha256(body).digest(), KEY)
