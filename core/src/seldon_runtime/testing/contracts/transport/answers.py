"""The tests of a transport's answers, which must equal the service's for every call and payload."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.message import Kind
from seldon_runtime.inference.method import USER_METHODS, Method
from seldon_runtime.testing.components import RESULTS, Detector, Raw
from seldon_runtime.testing.contracts.transport.subject import CallFailed, TransportSubject, answer_in_process
from seldon_runtime.testing.parity import assert_same_answer
from seldon_runtime.testing.served import Served

ROWS = {"data": {"names": ["a", "b"], "ndarray": [[1, 2.5], [3, -4]]}}
PAYLOADS: dict[Kind, Any] = {
    Kind.TENSOR: {"data": {"names": ["a"], "tensor": {"shape": [2, 2], "values": [1, 2.5, -3, 1e300]}}},
    Kind.NDARRAY: ROWS,
    Kind.TFTENSOR: {
        "data": {
            "tftensor": {
                "dtype": "DT_DOUBLE",
                "tensorShape": {"dim": [{"size": "2"}]},
                "doubleVal": [0.5, -2.0],
            }
        }
    },
    Kind.STR: {"strData": "a text"},
    Kind.BINARY: {"binData": "AAH+/w=="},
    Kind.JSON: {"jsonData": {"a": [1, None, True, {"b": "c"}], "d": ""}},
}
META = {
    "puid": "puid-1",
    "tags": {"shared": "request", "list": [1, "two", None]},
    "requestPath": {"before": "image:0"},
    "metrics": [{"key": "seen", "type": "TIMER", "value": 0.1, "tags": {"zone": "b"}}],
}
REQUESTS: dict[Method, Any] = {
    Method.PREDICT: ROWS,
    Method.TRANSFORM_INPUT: ROWS,
    Method.TRANSFORM_OUTPUT: ROWS,
    Method.ROUTE: ROWS,
    Method.AGGREGATE: {"seldonMessages": [ROWS, {"strData": "second"}, {"binData": "AQI="}]},
    Method.SEND_FEEDBACK: {
        "request": ROWS,
        "response": {"meta": {"routing": {"unit": 3}}, "data": {"ndarray": [1]}},
        "reward": 0.5,
        "truth": {"data": {"tensor": {"shape": [1], "values": [7]}}},
    },
    Method.HEALTH_STATUS: None,
    Method.METADATA: None,
}
_EMPTY: dict[Kind, Any] = {
    Kind.TENSOR: {"data": {"tensor": {"shape": [0, 3], "values": []}}},
    Kind.NDARRAY: {"data": {"ndarray": [[]]}},
    Kind.STR: {"strData": ""},
    Kind.BINARY: {"binData": ""},
    Kind.JSON: {"jsonData": {}},
}
_TEXTS = {
    "languages": "grüß dich, 日本 \U0001f600",
    "controls": "line\r\nline\u2028\0tab\t\x7f",
    "syntax": '"\\/{}[],:',
    "space": " ",
    "accents": "e\u0301 \ufeff",
}
_CLIENTS = 8
_CALLS = 10


class TransportAnswers(TransportSubject):
    """Part of :class:`TransportContract`."""

    def assert_parity(self, served: Served, method: Method, request: Any) -> None:
        """Check that the transport's answer equals the service's."""
        self.skip_unless_called(method)
        expected = answer_in_process(served.service, method, request)
        assert_same_answer(expected, self.ask(served, request, method))

    def skip_unless_carried(self, kind: Kind) -> None:
        """Skip a test of a payload that the wire cannot carry."""
        if kind not in self.kinds:
            pytest.skip(f"{self.transport} does not carry {kind.value}")

    @pytest.mark.parametrize("method", USER_METHODS, ids=lambda method: method.value)
    def test_every_call_is_answered_as_in_process(self, contract_mirror: Served, method: Method) -> None:
        self.assert_parity(contract_mirror, method, REQUESTS[method])

    @pytest.mark.parametrize("kind", PAYLOADS, ids=lambda kind: kind.value)
    def test_every_kind_of_payload_arrives_and_is_answered(self, contract_mirror: Served, kind: Kind) -> None:
        self.skip_unless_carried(kind)
        self.assert_parity(contract_mirror, Method.PREDICT, PAYLOADS[kind])

    @pytest.mark.parametrize("kind", PAYLOADS, ids=lambda kind: kind.value)
    def test_the_component_sees_the_payload_as_it_was_sent(self, contract_mirror: Served, kind: Kind) -> None:
        self.skip_unless_carried(kind)
        self.assert_parity(contract_mirror, Method.TRANSFORM_INPUT, PAYLOADS[kind])

    @pytest.mark.parametrize("result", RESULTS)
    @pytest.mark.parametrize("asked", [Method.PREDICT, Method.TRANSFORM_OUTPUT], ids=lambda m: m.value)
    def test_every_kind_of_result_is_answered(
        self, contract_mirror: Served, asked: Method, result: str
    ) -> None:
        self.assert_parity(contract_mirror, asked, {"strData": result})

    @pytest.mark.parametrize("method", [m for m in USER_METHODS if REQUESTS[m]], ids=lambda m: m.value)
    def test_meta_travels_both_ways(self, contract_mirror: Served, method: Method) -> None:
        request = json.loads(json.dumps(REQUESTS[method]))
        if method is Method.AGGREGATE:
            request["seldonMessages"][0]["meta"] = META
            request["seldonMessages"][2]["meta"] = {"tags": {"third": 3}}
        elif method is Method.SEND_FEEDBACK:
            request["request"]["meta"] = META
        else:
            request["meta"] = META
        self.assert_parity(contract_mirror, method, request)

    @pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
    def test_any_text_travels_unchanged(self, contract_mirror: Served, text: str) -> None:
        assert self.ask_text(contract_mirror, text) == text
        request = {
            "data": {"names": [text], "ndarray": [[text]]},
            "meta": {"puid": text, "tags": {text: text}},
        }
        self.assert_parity(contract_mirror, Method.PREDICT, request)

    @pytest.mark.parametrize("kind", _EMPTY, ids=lambda kind: kind.value)
    def test_empty_payloads_are_payloads(self, contract_mirror: Served, kind: Kind) -> None:
        self.skip_unless_carried(kind)
        self.assert_parity(contract_mirror, Method.PREDICT, _EMPTY[kind])

    @pytest.mark.parametrize("number", [2**53, -(2**53), 5e-324, 1.7976931348623157e308, 0.1, -1 / 3])
    def test_numbers_keep_their_last_bit(self, contract_mirror: Served, number: float) -> None:
        self.assert_parity(contract_mirror, Method.PREDICT, {"data": {"ndarray": [[number, 0]]}})

    @pytest.mark.parametrize("size", [70_000, 3_000_000])
    def test_large_payloads_travel_whole(self, contract_mirror: Served, size: int) -> None:
        if self.max_message_bytes is not None and self.max_message_bytes < 2 * size:  # with framing
            pytest.skip(f"{self.transport} carries {self.max_message_bytes} bytes at most")
        text = "0123456789" * (size // 10)
        assert self.ask_text(contract_mirror, text) == text
        values = [float(i) for i in range(size // 10)]
        request = {"data": {"tensor": {"shape": [len(values) // 2, 2], "values": values}}}
        self.assert_parity(contract_mirror, Method.PREDICT, request)

    def test_nan_in_an_answer_is_written_or_refused_and_the_next_call_is_answered(
        self, serve: Callable[..., Served]
    ) -> None:
        class Undefined:
            def predict(self, X: Any, features_names: Any) -> Any:
                return X if isinstance(X, str) else [math.nan, math.inf, 1.0]

        served = serve(Undefined())
        try:
            row = self.ask(served, PAYLOADS[Kind.TENSOR])["data"]["tensor"]["values"]
        except CallFailed as failed:
            assert failed.reason == "MICROSERVICE_INTERNAL_ERROR"  # noqa: PT017 - either is right
        else:
            assert len(row) == 3
            assert row[2] == 1.0
            assert row[0] is None or math.isnan(float(row[0]))
            assert row[1] is None or math.isinf(float(row[1]))
        assert self.ask_text(served, "next") == "next"

    def test_nan_in_a_request_reaches_the_component_or_is_refused(self, serve: Callable[..., Served]) -> None:
        class Counting:
            def predict(self, X: Any, features_names: Any) -> Any:
                return X if isinstance(X, str) else f"{sum(math.isnan(x) for x in X)} of {len(X)}"

        served = serve(Counting())
        request = {"data": {"tensor": {"shape": [3], "values": [math.nan, 1.0, math.nan]}}}
        try:
            answer = self.ask(served, request)["strData"]
        except CallFailed as failed:
            assert failed.reason == "MICROSERVICE_BAD_DATA"  # noqa: PT017 - either is right
        else:
            assert answer == "2 of 3"
        assert self.ask_text(served, "next") == "next"

    def test_raw_methods_see_the_wires_own_object_and_their_answer_goes_out_as_it_is(
        self, serve: Callable[..., Served]
    ) -> None:
        served = serve(Raw())
        request = {"strData": "raw", "meta": {"tags": {"kept": "yes"}}}
        assert_same_answer(request, self.ask(served, request))

    def test_raw_feedback_has_the_members_of_the_protocol(self, serve: Callable[..., Served]) -> None:
        self.skip_unless_called(Method.SEND_FEEDBACK)
        request = {"strData": "given"}
        feedback = {"request": request, "reward": 2.5}
        assert_same_answer(request, self.ask(serve(Raw()), feedback, Method.SEND_FEEDBACK))

    def test_an_outlier_detector_answers_the_request_and_its_scores(
        self, serve: Callable[..., Served]
    ) -> None:
        self.skip_unless_called(Method.TRANSFORM_INPUT)
        served = serve(Detector(), service_type=ServiceType.OUTLIER_DETECTOR)
        request = {**ROWS, "meta": META}
        self.assert_parity(served, Method.TRANSFORM_INPUT, request)
        answer = self.ask(served, request, Method.TRANSFORM_INPUT)
        assert answer["meta"]["tags"]["outlierScore"] == [3.5, -1]

    def test_many_clients_at_once_get_their_own_answers(self, contract_mirror: Served) -> None:
        def client(number: int) -> list[str]:
            texts = [f"client {number}, call {i}" for i in range(_CALLS)]
            return [text for text in texts if self.ask_text(contract_mirror, text) != text]

        with ThreadPoolExecutor(_CLIENTS) as pool:
            assert list(pool.map(client, range(_CLIENTS))) == [[]] * _CLIENTS

    def test_observers_learn_of_the_transport_and_the_size_of_the_request(
        self, serve: Callable[..., Served]
    ) -> None:
        served = serve(Raw())
        self.ask(served, {"strData": "x" * 5000})
        ((call, outcome),) = served.records
        assert (call.transport, call.method, outcome.error) == (self.transport, Method.PREDICT, None)
        assert call.request_bytes >= 5000

    def test_metadata_are_the_components(self, contract_mirror: Served) -> None:
        found = self.metadata(contract_mirror.address)
        expected = contract_mirror.service.metadata()
        assert {key: value for key, value in found.items() if value} == {
            key: value for key, value in expected.items() if value
        }
