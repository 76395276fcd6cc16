"""The codecs of the pages for plugin authors."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.plugin import Call, Feedback, Kind, Message, Meta, Method, Payload
from seldon_runtime.protocols.v1.codec import JsonCodec
from tests.support.pages import PLUGINS, Page

PAGE = Page(*PLUGINS)


class Table:
    def predict(self, X, features_names):
        return X * 2 if isinstance(X, np.ndarray) else X

    def aggregate(self, features_list, names_list):
        return {"tables": len(features_list)}

    def send_feedback(self, features, features_names, reward, truth):
        return f"{features.shape}"


@pytest.mark.parametrize(
    ("method", "wire", "answer"),
    [
        (Method.PREDICT, b"1,2\n3,4", b"2.0,4.0\n6.0,8.0"),
        (Method.AGGREGATE, b"1,2", b'{"tables": 1}'),
        (Method.SEND_FEEDBACK, b"1,2\n3,4", b"(2, 2)"),
        (Method.TRANSFORM_OUTPUT, b"1\n2", b"1.0\n2.0"),
        (Method.HEALTH_STATUS, None, b"healthy"),
        (Method.METADATA, None, b'{"name": "table"}'),
    ],
)
def test_the_codec_of_the_page_reads_and_writes(make_service, method, wire, answer) -> None:
    service = make_service(Table(), metadata={"name": "table"})
    codec = PAGE.module("acme_rows").RowsCodec(service.limits)
    assert service.call(Call(method, wire, codec, "test")) == answer
    assert codec.body(answer) == answer


def test_the_codec_of_the_page_refuses_what_is_not_a_table(make_service) -> None:
    service = make_service(Table())
    codec = PAGE.module("acme_rows").RowsCodec(service.limits)
    for wire in (b"a", b"\xff", b"1\n1,2"):
        with pytest.raises(SeldonError) as caught:
            service.call(Call(Method.PREDICT, wire, codec, "test"))
        assert caught.value.code is ErrorCode.BAD_DATA
    with pytest.raises(SeldonError) as caught:
        codec.write(Method.PREDICT, Message(Payload(Kind.JSON, {"x": object()})))
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert isinstance(codec.read(Method.SEND_FEEDBACK, b"1"), Feedback)


def test_a_request_over_the_json_codec_may_be_parsed_already(make_service) -> None:
    service = make_service(Table())
    codec = JsonCodec(service.limits)
    assert json.loads(service.call(Call(Method.PREDICT, {"strData": "x"}, codec, "test")))["strData"] == "x"
    assert codec.to_wire({"a": np.float64(1)}) == b'{"a":1.0}'


class Shout:
    def predict_raw(self, request):
        metrics = [{"key": "shouts", "type": "COUNTER", "value": 1}]
        return {"strData": request["strData"].upper(), "meta": {"metrics": metrics}}


def packed(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)


def answered(service: Any, method: Method, value: Any) -> Any:
    """Return the answer to a call over the raw codec of the page, unpacked."""
    codec = PAGE.module("acme_msgpack").MsgpackCodec(service.limits)
    return msgspec.msgpack.decode(service.call(Call(method, packed(value), codec, "test")))


def test_the_raw_codec_of_the_page_reads_and_writes_the_protocol(make_service) -> None:
    service = make_service(Table(), metadata={"name": "table"})
    rows = {"data": {"names": ["a"], "tensor": {"shape": [1, 1], "values": [2.0]}}}
    doubled = answered(service, Method.PREDICT, rows)
    assert doubled["data"]["tensor"] == {"shape": [1, 1], "values": [4.0]}
    together = answered(service, Method.AGGREGATE, {"seldonMessages": [rows, rows]})
    assert together["jsonData"] == {"tables": 2}
    assert answered(service, Method.SEND_FEEDBACK, {"request": rows, "reward": 0.5})["strData"] == "(1, 1)"
    assert answered(service, Method.METADATA, None)["name"] == "table"


def test_a_raw_method_sees_the_objects_of_the_raw_codec_of_the_page(make_service) -> None:
    answer = answered(make_service(Shout()), Method.PREDICT, {"strData": "hi"})
    assert answer["strData"] == "HI"
    assert answer["meta"]["metrics"][0]["key"] == "shouts"


def test_the_raw_codec_of_the_page_annotates_a_request(make_service) -> None:
    codec = PAGE.module("acme_msgpack").MsgpackCodec(make_service(Table()).limits)
    annotation = Message(None, Meta(tags={"outlier": 1}))
    wire = codec.annotate(Method.TRANSFORM_INPUT, {"strData": "x", "own": 1}, annotation)
    assert msgspec.msgpack.decode(wire) == {"strData": "x", "own": 1, "meta": {"tags": {"outlier": 1}}}


def test_the_raw_codec_of_the_page_refuses_other_bytes_and_values(make_service) -> None:
    service = make_service(Table())
    codec = PAGE.module("acme_msgpack").MsgpackCodec(service.limits)
    for wire in (b"", b"\xc1", packed([1])[:1], b"\x91" * 100_000, packed(7)):
        with pytest.raises(SeldonError) as caught:
            service.call(Call(Method.PREDICT, wire, codec, "test"))
        assert caught.value.code is ErrorCode.BAD_DATA
    with pytest.raises(SeldonError) as caught:
        codec.write(Method.PREDICT, Message(Payload(Kind.JSON, {"x": object()})))
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
