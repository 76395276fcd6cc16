"""The pipeline: from a call's wire object to its wire answer, for any codec and any predictor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed, ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import Codec, NeutralCodec
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.message import Feedback, Kind, Message, Meta, Metric, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.service.pipeline import Pipeline, refuse


class Words(Codec):
    """A wire format of words; it has no raw methods."""

    name = "words"

    def read(self, method: Method, wire: Any) -> Request:
        return Message(Payload(Kind.STR, wire.decode()))

    def write(self, method: Method, answer: Message) -> bytes:
        assert answer.payload is not None
        return f"{answer.payload.value}".encode()


class Model:
    def predict(self, X: Any, names: Any) -> Any:
        return X

    def predict_raw(self, request: Any) -> Any:
        raise AssertionError("only v1 formats have raw methods")

    def metrics(self) -> Any:
        return [{"type": "COUNTER", "key": "calls", "value": 1}]

    def send_feedback(self, features: Any, names: Any, reward: float, truth: Any) -> None:
        raise ValueError("cannot learn")


def run(
    predictor: Predictor, wire: Any, method: Method = Method.PREDICT, **metadata: Any
) -> tuple[Any, Call]:
    codec: Codec = Words() if isinstance(wire, bytes) else NeutralCodec()
    call = Call(method, wire, codec, "test")
    document = metadata.get("metadata", {})
    return Pipeline(predictor, lambda call: document, (), lambda call, stream: stream).run(call), call


def test_a_codec_of_any_format_reads_and_writes() -> None:
    answer, call = run(ComponentAdapter(Model()), b"text")
    assert answer == b"text"
    assert call.metrics == [Metric("calls", "COUNTER", 1.0)]


def test_a_neutral_caller_has_messages_on_both_sides() -> None:
    request = Message(Payload(Kind.NDARRAY, np.ones((1, 2)), ["a", "b"]), Meta(puid="p"))
    answer, _ = run(ComponentAdapter(Model()), request)
    assert isinstance(answer, Message)
    assert answer.payload is not None
    assert answer.payload.value.tolist() == [[1.0, 1.0]]
    assert answer.meta.puid == "p"


def test_a_reward_counts_before_user_code_runs() -> None:
    call = Call(Method.SEND_FEEDBACK, Feedback(reward=0.5), NeutralCodec(), "test")
    with pytest.raises(ComponentFailed):
        Pipeline(ComponentAdapter(Model()), lambda call: {}, (), lambda call, stream: stream).run(call)
    assert call.reward == 0.5


def test_health_and_metadata_have_no_request() -> None:
    assert run(ComponentAdapter(Model()), b"", Method.HEALTH_STATUS)[0] == b"healthy"
    assert run(ComponentAdapter(Model()), b"", Method.METADATA, metadata={"name": "m"})[0] == b"{'name': 'm'}"


def test_an_outlier_detector_answers_the_request_with_its_scores_in_any_format() -> None:
    class Detector:
        def score(self, X: Any, names: Any) -> Any:
            return X.sum(axis=1)

    detector = ComponentAdapter(Detector(), service_type=ServiceType.OUTLIER_DETECTOR)
    request = Message(Payload(Kind.NDARRAY, np.ones((2, 2))), Meta(puid="p", tags={"own": 1}))
    answer, _ = run(detector, request, Method.TRANSFORM_INPUT)
    assert answer.payload is request.payload
    assert answer.meta.tags == {"own": 1, "outlierScore": [2.0, 2.0]}
    assert answer.meta.puid == "p"


def test_a_predictor_that_returns_something_else_is_the_components_failure() -> None:
    class Numbers(Predictor):
        methods = frozenset({Method.PREDICT})  # type: ignore[assignment]

        def predict(self, method: Method, request: Request) -> Any:
            return 7

    with pytest.raises(PluginFailed) as caught:
        run(Numbers(), b"text")
    assert str(caught.value.__cause__) == "predict returned int, expected a Message or a Stream"


def test_a_pipeline_that_gave_up_refuses() -> None:
    with pytest.raises(SeldonError, match="it hangs") as caught:
        refuse("it hangs")(Call(Method.PREDICT, None, NeutralCodec(), "test"))
    assert caught.value.code is ErrorCode.UNAVAILABLE
