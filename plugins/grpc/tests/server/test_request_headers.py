"""Metadata as headers: nothing of it is lost."""

from __future__ import annotations

from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime_grpc.server.request_headers import joined

TEXTS = st.text("abc;=", min_size=1)


def test_repeated_keys_are_joined_and_binary_values_are_base64() -> None:
    metadata = [
        ("tracestate", "a=1"),
        ("user", "me"),
        ("tracestate", "b=2"),
        ("t-bin", b"\x00\xff"),
        ("t-bin", b""),
    ]
    assert joined(metadata) == {"tracestate": "a=1, b=2", "user": "me", "t-bin": "AP8=,"}


@given(st.lists(TEXTS, min_size=1), st.lists(st.binary(), min_size=1))
def test_every_value_can_be_found_again(texts: list[str], blobs: list[bytes]) -> None:
    headers = joined([*(("x", text) for text in texts), *(("y-bin", blob) for blob in blobs)])
    assert headers["x"].split(", ") == texts
    assert [b64decode(part, validate=True) for part in headers["y-bin"].split(",")] == blobs
