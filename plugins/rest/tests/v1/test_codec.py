"""What HTTP adds to the JSON codec: a status from raw answers, and bodies that pass through."""

from __future__ import annotations

import json
import math

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.plugin import Kind, Message, Meta, Method, Payload, SharedMeta
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_rest.v1.codec import PassthroughCodec, RestCodec
from seldon_runtime_rest.v1.json_text import dumper


@pytest.fixture
def codec():
    return RestCodec(Limits(max_body_bytes=1000, max_nesting=5), dumper())


@pytest.fixture
def passthrough():
    return PassthroughCodec(Limits(max_body_bytes=10), dumper())


def test_answers_are_200_with_json(codec):
    answer = codec.to_wire({"b": 1, "a": 2})
    assert (answer.status, answer.body, answer.content_type) == (200, b'{"a":2,"b":1}\n', "application/json")


@pytest.mark.parametrize(
    "payload",
    [None, Payload(Kind.STR, "a"), Payload(Kind.JSON, {"n": 2**70}), Payload(Kind.JSON, [math.nan])],
)
def test_the_meta_of_many_answers_is_written_like_any_other(codec, payload):
    members = "", {"tag": "é"}, {"a": -1}, {"b": "B:1", "a": "A:1"}, [{"key": "k", "value": 1.0}]
    metas = [SharedMeta(*members), SharedMeta("of another graph")]
    answers = [codec.write(Method.PREDICT, Message(payload, meta)) for meta in metas * 2]
    plain = [codec.write(Method.PREDICT, Message(payload, Meta(*members)))]
    plain.append(codec.write(Method.PREDICT, Message(payload, Meta("of another graph"))))
    assert answers == plain * 2


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b"{", "is not valid JSON"),
        (b"", "is not valid JSON"),
        (b"null", "is null"),
        (b"[[[[[[1]]]]]]", "nests deeper than 5"),
        (b" " * 1001, "at most 1000"),
        (b'"\xff"', "is not valid JSON"),
    ],
)
def test_bodies_that_cannot_be_read_are_the_callers_fault(codec, wire, message):
    with pytest.raises(SeldonError, match=message) as error:
        codec.parse(Method.PREDICT, wire)
    assert error.value.code in (ErrorCode.BAD_DATA, ErrorCode.TOO_LARGE)


@pytest.mark.parametrize("policy", [NonFinite.ERROR])
def test_an_answer_that_json_cannot_hold_is_the_components_fault(policy):
    codec = RestCodec(Limits(), dumper(non_finite=policy))
    for value in (1j, float("nan")):
        with pytest.raises(SeldonError) as error:
            codec.to_wire(value)
        assert error.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize(("code", "status"), [(404, 404), (200, 200), (None, 200), (0, 200), (599, 599)])
def test_the_status_of_a_raw_prediction_is_the_http_status(codec, code, status):
    answer = codec.write_raw(Method.PREDICT, {"status": {"code": code}}, show_metrics=True)
    assert answer.status == status
    assert json.loads(answer.body) == {"status": {"code": code}}


@pytest.mark.parametrize("status", [{"code": 99}, {"code": 600}, {"code": "404"}, {"code": True}, "bad", [1]])
def test_a_status_that_is_none_is_the_components_fault(codec, status):
    with pytest.raises(SeldonError, match="status") as error:
        codec.write_raw(Method.PREDICT, {"status": status}, show_metrics=True)
    assert error.value.code is ErrorCode.COMPONENT_FAILED


def test_the_status_of_other_raw_answers_is_not_looked_at(codec):
    answer = codec.write_raw(Method.TRANSFORM_INPUT, {"status": {"code": 404}}, show_metrics=True)
    assert answer.status == 200


def test_a_protobuf_message_of_user_code_is_written_as_its_json(codec):
    struct = pytest.importorskip("google.protobuf.struct_pb2").Struct()
    struct["a"] = 1
    assert json.loads(codec.write_raw(Method.PREDICT, struct, show_metrics=True).body) == {"a": 1.0}


def test_hidden_metrics_are_taken_out_of_a_raw_answer(codec):
    given = {"meta": {"metrics": [1], "puid": "p"}, "strData": "s"}
    answer = codec.write_raw(Method.PREDICT, given, show_metrics=False)
    assert json.loads(answer.body) == {"meta": {"puid": "p"}, "strData": "s"}
    assert given["meta"]["metrics"] == [1]


@pytest.mark.parametrize("wire", [b"\xff{", b"", "{}", {"strData": "s"}])
def test_a_body_that_passes_through_is_not_looked_into(passthrough, wire):
    assert passthrough.parse(Method.PREDICT, wire) is wire


def test_a_body_that_passes_through_has_the_same_limit(passthrough):
    with pytest.raises(SeldonError) as error:
        passthrough.parse(Method.PREDICT, b"x" * 11)
    assert error.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"\xff", b"\xff"),
        (bytearray(b"a"), b"a"),
        (memoryview(b"a"), b"a"),
        ("é", "é".encode()),
        ({"a": 1}, b'{"a":1}\n'),
    ],
)
def test_a_raw_answer_passes_through_too(passthrough, answer, body):
    written = passthrough.write_raw(Method.PREDICT, answer, show_metrics=True)
    assert (written.status, written.body, written.content_type) == (200, body, "application/json")
    assert passthrough.raw_metrics(answer) is None


def test_a_body_that_passes_through_is_nothing_for_predict(passthrough):
    with pytest.raises(SeldonError, match="PAYLOAD_PASSTHROUGH"):
        passthrough.decode(Method.PREDICT, b"{}")
    assert passthrough.decode(Method.PREDICT, {"strData": "s"}).payload.value == "s"
