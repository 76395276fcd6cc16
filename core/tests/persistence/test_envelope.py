"""The envelope around stored state: what was sealed comes back, and nothing else does."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.persistence.envelope import (
    CorruptState,
    EnvelopeError,
    ForeignState,
    Header,
    UntrustedState,
    is_signed,
    peek,
    plain,
    seal,
    unseal,
)
from seldon_runtime.persistence.snapshot import Snapshot

HEADER = Header("persistence_0_0_0", "Model:Model", None, 1.5, "writer", "0.1.0")
KEY = HEADER.key

texts = st.text(max_size=30)
headers = st.builds(
    Header,
    key=texts,
    class_path=texts,
    class_version=st.none() | texts,
    created=st.floats(0, 1e11, exclude_max=True),
    writer=texts,
    runtime=texts,
)
pieces = st.binary(max_size=200) | st.builds(
    lambda part, times: part * times, st.binary(min_size=1, max_size=50), st.integers(1, 3000)
)
snapshots = st.builds(Snapshot, pieces, st.lists(pieces, max_size=4).map(tuple))
secrets = st.none() | st.binary(min_size=1, max_size=40)


@given(headers, snapshots, secrets)
def test_what_is_sealed_is_unsealed(header, snapshot, secret):
    blob = bytes(seal(header, snapshot, secret))
    envelope = unseal(blob, header.key, secret)
    assert envelope.header == header
    assert envelope.snapshot == snapshot
    assert peek(blob) == header
    assert is_signed(blob) is (secret is not None)


@given(snapshots, secrets, st.data())
def test_no_changed_byte_goes_unnoticed(snapshot, secret, data):
    blob = bytearray(seal(HEADER, snapshot, secret))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeError):
        unseal(bytes(blob), KEY, secret)


@given(snapshots, secrets, st.data())
def test_no_cut_goes_unnoticed(snapshot, secret, data):
    blob = bytes(seal(HEADER, snapshot, secret))
    with pytest.raises(EnvelopeError):
        unseal(blob[: data.draw(st.integers(0, len(blob) - 1))], KEY, secret)


@given(snapshots, st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40))
def test_another_secret_does_not_do(snapshot, secret, other):
    # HMAC fills a short key up with zeros (RFC 2104, section 2)
    if secret.rstrip(b"\0") != other.rstrip(b"\0"):
        with pytest.raises(UntrustedState):
            unseal(bytes(seal(HEADER, snapshot, secret)), KEY, other)


@pytest.fixture
def sealed():
    """``sealed(secret)``: a blob."""

    def sealed(secret=None):
        return bytes(seal(HEADER, Snapshot(b"payload"), secret))

    return sealed


def test_an_unsigned_state_is_taken_with_a_secret_only_when_asked(sealed):
    with pytest.raises(UntrustedState, match="not signed, but PERSISTENCE_SECRET_KEY is set"):
        unseal(sealed(), KEY, b"secret")
    assert unseal(sealed(), KEY, b"secret", trust_unsigned=True).snapshot.pickle == b"payload"


def test_a_signature_of_another_secret_is_not_trusted_even_when_asked_to_trust_unsigned(sealed):
    with pytest.raises(UntrustedState):
        unseal(sealed(b"one"), KEY, b"two", trust_unsigned=True)


def test_a_signed_state_without_a_secret_is_refused(sealed):
    with pytest.raises(UntrustedState, match="PERSISTENCE_SECRET_KEY is not set"):
        unseal(sealed(b"secret"), KEY)


def test_a_signature_cannot_be_taken_off(sealed):
    blob = bytearray(sealed(b"secret"))
    blob[11] &= ~1
    with pytest.raises(EnvelopeError):
        unseal(bytes(blob[:-32]), KEY, b"secret")


def test_a_state_of_another_key_is_refused(sealed):
    with pytest.raises(ForeignState, match="saved under the key persistence_0_0_0, not persistence_0_0_1"):
        unseal(sealed(b"secret"), "persistence_0_0_1", b"secret")


def test_a_newer_format_is_told_from_damage(sealed):
    blob = bytearray(sealed())
    blob[9] = 2
    with pytest.raises(CorruptState, match="its checksum is wrong"):
        unseal(bytes(blob), KEY)
    blob[-32:] = hashlib.sha256(blob[:-32]).digest()
    with pytest.raises(ForeignState, match="format 2, but this runtime reads 1"):
        unseal(bytes(blob), KEY)
    assert peek(bytes(blob)) is None


def test_a_pickle_is_recognised():
    with pytest.raises(ForeignState, match="it is a pickle"):
        unseal(b"\x80\x04pickle", KEY)


def test_a_lone_surrogate_in_a_header_is_damage():
    blob = bytearray(seal(HEADER, Snapshot(b"payload")))
    changed = blob.replace(b'"class_version"', b'"class_v\\ud800"')
    assert changed != blob
    changed[-32:] = hashlib.sha256(changed[:-32]).digest()
    with pytest.raises(CorruptState, match="its header is not valid"):
        unseal(bytes(changed), KEY)


def test_a_header_that_no_runtime_would_read_is_not_written():
    with pytest.raises(ValueError, match="expected at most 65536"):
        seal(dataclasses.replace(HEADER, class_version="x" * 70_000), Snapshot(b"payload"))


def test_texts_of_a_store_are_shown_on_one_line_without_control_characters():
    assert plain("Módel:Model") == "Módel:Model"
    assert plain("a\nINFO all is well\x1b[2J") == r"'a\nINFO all is well\x1b[2J'"
    assert len(plain("x" * 10_000)) == 200
