"""What a codec has by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.codec import Codec, NeutralCodec, RawCodec
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method


class Shouts(RawCodec):
    name = "shouts"

    def parse(self, method: Method, wire: Any) -> Any:
        return wire.upper()

    def decode(self, method: Method, parsed: Any) -> Request:
        return Message(Payload(Kind.STR, parsed))

    def write(self, method: Method, answer: Message) -> Any:
        assert answer.payload is not None
        return f"{answer.payload.value}!"

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        return answer

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        return None

    def annotate(self, method: Method, parsed: Any, annotation: Message) -> Any:
        return parsed


def test_reading_is_parsing_and_decoding() -> None:
    request = Shouts().read(Method.PREDICT, "x")
    assert isinstance(request, Message)
    assert request.payload == Payload(Kind.STR, "X")


def test_an_item_of_a_stream_is_written_like_an_answer() -> None:
    assert Shouts().write_item(Method.PREDICT, Message(Payload(Kind.STR, "x"))) == "x!"


def test_raw_methods_receive_the_parsed_request_and_hooks_have_the_codecs_name() -> None:
    codec = Shouts()
    assert codec.raw_argument(Method.PREDICT, "P") == codec.hook_argument(Method.PREDICT, "h", "P") == "P"
    assert codec.hooks(Method.PREDICT) == ("shouts",)


@pytest.mark.parametrize(
    ("answer", "body"), [(b"x", b"x"), (memoryview(b"x"), b"x"), ("ü", b"\xc3\xbc"), (7, b"")]
)
def test_the_body_of_bytes_and_text_is_known(answer: Any, body: bytes) -> None:
    assert NeutralCodec().body(answer) == body


def test_an_outcome_is_ok_or_the_errors_code() -> None:
    codec: Codec = NeutralCodec()
    assert codec.outcome(b"four", None) == ("OK", 4)
    assert codec.outcome(object(), None) == ("OK", 0)
    assert codec.outcome(None, SeldonError("x", code=ErrorCode.FORBIDDEN)) == ("FORBIDDEN", 0)
