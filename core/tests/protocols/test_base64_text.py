"""Base64: what both rules accept, what each refuses, and the way there and back."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.protocols.base64_text import decode_base64, decode_proto_base64, encode_base64


@given(st.binary())
def test_each_rule_decodes_encoded_bytes_to_the_same_bytes(content: bytes) -> None:
    assert decode_base64(encode_base64(content), "x") == content
    assert decode_proto_base64(encode_base64(content), "x") == content


@given(st.binary())
def test_the_protobuf_mapping_accepts_the_url_safe_alphabet_without_padding(content: bytes) -> None:
    text = base64.urlsafe_b64encode(content).decode().rstrip("=")
    assert decode_proto_base64(text, "x") == content


def test_lines_may_be_broken_only_where_padding_is_required() -> None:
    assert decode_base64("AAH+\r\n/w==\n", "x") == b"\x00\x01\xfe\xff"
    with pytest.raises(SeldonError):
        decode_proto_base64("AAH+\n/w==", "x")


@pytest.mark.parametrize("decode", [decode_base64, decode_proto_base64])
@pytest.mark.parametrize("text", ["?", "A A=", "A", "ä", "AAA=A", "AAAAA"])
def test_a_foreign_character_or_a_missing_one_is_bad_data_with_its_place(
    decode: Callable[[str, str], bytes], text: str
) -> None:
    with pytest.raises(SeldonError, match=r"^here\.tensor is not .*base64") as refused:
        decode(text, "here.tensor")
    assert refused.value.code == ErrorCode.BAD_DATA


@pytest.mark.parametrize("text", ["AAA", "-_8="])
def test_padding_and_the_standard_alphabet_are_required_outside_the_protobuf_mapping(text: str) -> None:
    assert decode_proto_base64(text, "x")
    with pytest.raises(SeldonError, match="RFC 4648"):
        decode_base64(text, "x")


def test_the_protobuf_mapping_names_a_value_that_is_not_a_text() -> None:
    with pytest.raises(SeldonError, match="x is 7, expected base64 text"):
        decode_proto_base64(7, "x")
