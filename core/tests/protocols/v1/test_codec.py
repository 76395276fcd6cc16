"""The v1 protocol as JSON text: what is parsed, decoded, encoded and left alone."""

from __future__ import annotations

import json
import math
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Feedback, Kind, Message, Meta, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.protocols.v1.codec import JsonCodec, plain_dumps
from seldon_runtime.protocols.v1.view import FeedbackView, SeldonMessageView

CODEC = JsonCodec(Limits())
NESTED = json.dumps({"jsonData": ['[[\\"', [["ü"]]]}, ensure_ascii=False)


def refusal(wire: Any, codec: JsonCodec = CODEC) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        codec.parse(Method.PREDICT, wire)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_is_parsed_in_every_encoding_of_json(encoding: str) -> None:
    assert CODEC.parse(Method.PREDICT, NESTED.encode(encoding)) == json.loads(NESTED)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_nesting_is_counted_in_every_encoding(encoding: str) -> None:
    codec = JsonCodec(Limits(max_nesting=4))
    codec.parse(Method.PREDICT, NESTED.encode(encoding))
    error = refusal(NESTED.encode(encoding), JsonCodec(Limits(max_nesting=3)))
    assert (error.code, error.message) == (
        ErrorCode.BAD_DATA,
        "the JSON nests deeper than 3 levels (SELDON_MAX_NESTING)",
    )


def test_text_may_be_str_and_values_may_be_parsed_already() -> None:
    assert CODEC.parse(Method.PREDICT, '{"a": "\ud800"}') == {"a": "\ud800"}
    parsed = {"strData": "s"}
    assert CODEC.parse(Method.PREDICT, parsed) is parsed


@pytest.mark.parametrize("wire", [b"", b"nope", b"{", "", b"[1,]", b"\xff\xfe\x00", b"\xff", b"[" * 100])
def test_what_is_no_json_is_bad_data(wire: Any) -> None:
    error = refusal(wire)
    assert error.code is ErrorCode.BAD_DATA
    assert error.message.startswith("the request is not valid JSON: ")


def test_null_is_no_request() -> None:
    assert refusal(b"null").message == "the request is null, expected an object"


def test_a_parser_that_gives_up_on_depth_is_bad_data() -> None:
    error = refusal(b"[" * 90_000 + b"]" * 90_000, JsonCodec(Limits(max_nesting=100_000)))
    assert error.code is ErrorCode.BAD_DATA


@pytest.mark.parametrize("wire", [b"[" + b" " * 99 + b"]", "[" + "ü" * 50 + "]"])
def test_the_body_limit_counts_bytes(wire: Any) -> None:
    assert refusal(wire, JsonCodec(Limits(max_body_bytes=100))).code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    ("method", "parsed", "kind"),
    [
        (Method.PREDICT, {"strData": "s"}, Message),
        (Method.ROUTE, {"strData": "s"}, Message),
        (Method.AGGREGATE, [{"strData": "s"}], list),
        (Method.SEND_FEEDBACK, {"reward": 1}, Feedback),
    ],
)
def test_each_method_has_its_own_kind_of_request(method: Method, parsed: Any, kind: type) -> None:
    assert isinstance(CODEC.decode(method, parsed), kind)


def test_limits_reach_the_arrays() -> None:
    codec = JsonCodec(Limits(max_array_values=1))
    for method, parsed in (
        (Method.PREDICT, {"data": {"ndarray": [1, 2]}}),
        (Method.AGGREGATE, [{"data": {"tensor": {"shape": [2], "values": [1, 2]}}}]),
        (Method.SEND_FEEDBACK, {"truth": {"data": {"ndarray": [1, 2]}}}),
    ):
        with pytest.raises(SeldonError, match="SELDON_MAX_ARRAY_VALUES"):
            codec.decode(method, parsed)


def test_answers_are_compact_text_and_feedback_leaves_out_what_is_empty() -> None:
    empty = Message(Payload(Kind.TENSOR, np.array([]), []), Meta(puid="ü"))
    assert CODEC.write(Method.PREDICT, empty) == (
        b'{"meta":{"puid":"\\u00fc"},"data":{"names":[],"tensor":{"shape":[0],"values":[]}}}'
    )
    assert json.loads(CODEC.write(Method.SEND_FEEDBACK, empty))["data"] == {"tensor": {"shape": [0]}}


def test_numpy_values_anywhere_are_written() -> None:
    value = {"a": np.float32(0.5), "b": [np.int64(1), np.bool_(True)], "c": np.arange(2), "d": np.array(5)}
    assert json.loads(plain_dumps(value)) == {"a": 0.5, "b": [1, True], "c": [0, 1], "d": 5}
    assert json.loads(plain_dumps({np.int64(1): date(2026, 1, 1)})) == {"1": "2026-01-01"}


@pytest.mark.parametrize("value", [math.nan, math.inf, np.array([math.nan])], ids=repr)
def test_numbers_that_are_not_finite_follow_the_setting(value: Any) -> None:
    assert "null" in plain_dumps(value).decode()
    assert '"' in plain_dumps(value, NonFinite.STRING).decode()
    codec = JsonCodec(Limits(), dumps=partial(plain_dumps, non_finite=NonFinite.ERROR))
    with pytest.raises(SeldonError, match="SELDON_NON_FINITE=error") as caught:
        codec.write(Method.PREDICT, Message(Payload(Kind.JSON, {"a": value})))
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize(
    "value",
    [
        b"raw",
        1j,
        {(1, 2): 3},
        {1: 2, "1": 3},
    ],
    ids=repr,
)
def test_what_json_cannot_hold_is_the_components_failure(value: Any) -> None:
    with pytest.raises(SeldonError, match="the component's answer cannot be written as JSON: ") as caught:
        CODEC.write(Method.PREDICT, Message(Payload(Kind.JSON, value)))
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


def test_an_answer_that_holds_itself_is_the_components_failure() -> None:
    endless: list[Any] = []
    endless.append(endless)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (endless, deep):
        with pytest.raises(SeldonError, match="cannot be written as JSON"):
            CODEC.to_wire(value)


@pytest.mark.parametrize(
    "answer", ["text", 5, None, [1], {}, {"meta": {}}, {"meta": {"metrics": []}, "x": 1}]
)
def test_a_raw_answer_goes_out_as_it_is(answer: Any) -> None:
    assert json.loads(CODEC.write_raw(Method.PREDICT, answer, show_metrics=True)) == answer


def test_metrics_of_a_raw_answer_are_taken_and_may_be_hidden() -> None:
    view = SeldonMessageView()
    view.meta.metrics.append({"key": "k"})
    view.strData = "s"
    for answer in ({"meta": {"metrics": [{"key": "k"}]}, "strData": "s"}, view):
        assert CODEC.raw_metrics(answer) == [{"key": "k"}]
        hidden = json.loads(CODEC.write_raw(Method.PREDICT, answer, show_metrics=False))
        assert hidden == {"meta": {}, "strData": "s"}


@pytest.mark.parametrize("answer", [None, "text", [1], {}, {"meta": {}}, {"metrics": [1]}])
def test_a_raw_answer_need_not_have_metrics(answer: Any) -> None:
    assert CODEC.raw_metrics(answer) is None


@pytest.mark.parametrize(("meta", "word"), [(None, "null"), ([], "a list"), ("m", "a text"), (5, "a number")])
def test_the_meta_of_a_raw_answer_must_be_an_object(meta: Any, word: str) -> None:
    with pytest.raises(SeldonError, match=f"a meta that is {word}, expected an object") as caught:
        CODEC.raw_metrics({"meta": meta})
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


def test_raw_methods_and_old_hooks_get_feedback_in_forms_of_their_own() -> None:
    parsed = {"reward": 1}
    argument = CODEC.raw_argument(Method.SEND_FEEDBACK, parsed)
    assert isinstance(argument, FeedbackView)
    assert argument.reward == 1
    assert CODEC.raw_argument(Method.PREDICT, parsed) is parsed
    assert CODEC.hook_argument(Method.SEND_FEEDBACK, "json", parsed) == '{"reward": 1}'
    assert CODEC.hook_argument(Method.PREDICT, "json", parsed) is parsed


@pytest.mark.parametrize("meta", [{}, {"meta": None}, {"meta": {"tags": None, "metrics": None}}])
def test_a_request_without_a_usable_meta_is_annotated(meta: Any) -> None:
    note = Message(None, Meta(tags={"a": 1}, metrics=[{"key": "k"}]))
    annotated = json.loads(CODEC.annotate(Method.TRANSFORM_INPUT, {"strData": "s", **meta}, note))
    assert annotated == {"strData": "s", "meta": {"tags": {"a": 1}, "metrics": [{"key": "k"}]}}


def test_an_annotation_adds_to_what_was_there() -> None:
    parsed = {"meta": {"puid": "p", "tags": {"a": 0, "b": 0}, "metrics": [{"key": "own"}], "odd": 1}}
    note = Message(None, Meta("other", {"a": 1}, metrics=[{"key": "k"}], request_path={"u": "i"}))
    assert json.loads(CODEC.annotate(Method.TRANSFORM_INPUT, parsed, note)) == {
        "meta": {
            "puid": "p",
            "tags": {"a": 1, "b": 0},
            "metrics": [{"key": "own"}, {"key": "k"}],
            "requestPath": {"u": "i"},
            "odd": 1,
        }
    }
    assert parsed["meta"]["tags"] == {"a": 0, "b": 0}


def test_a_codec_has_the_name_and_the_text_functions_it_is_given() -> None:
    codec = JsonCodec(Limits(), lambda text: {"strData": "mine"}, lambda value: b"written", name="mine")
    assert (codec.name, codec.hooks(Method.PREDICT)) == ("mine", ("mine",))
    assert codec.parse(Method.PREDICT, b"anything") == {"strData": "mine"}
    assert codec.to_wire({}) == b"written"
