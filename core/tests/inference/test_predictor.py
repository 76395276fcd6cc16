"""What a predictor and a stream have by default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.message import Feedback, Kind, Message, Meta, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor, Stream


class Least(Predictor):
    def __init__(self, *methods: Method) -> None:
        self._methods = frozenset(methods)

    @property
    def methods(self) -> frozenset[Method]:
        return self._methods

    def predict(self, method: Method, request: Request) -> Message:
        return Message(Payload(Kind.STR, method.value))


class Empty(Stream):
    def next(self) -> Message | None:
        return None


def test_the_least_predictor_loads_nothing_describes_nothing_and_closes() -> None:
    predictor = Least()
    predictor.load()
    assert predictor.metadata() == {}
    assert predictor.wire_methods(NeutralCodec()) == {}
    predictor.close()
    Empty().close()


def test_health_is_fixed_unless_the_predictor_answers_it() -> None:
    assert Least(Method.PREDICT).health_is_fixed
    assert not Least(Method.HEALTH_STATUS).health_is_fixed


def feedback(request: Message | None) -> Feedback:
    return Feedback(request=request, reward=1.0)


def test_a_predictor_receives_only_calls_of_its_methods() -> None:
    class Strict(Least):
        def predict(self, method: Method, request: Request) -> Message:
            assert method in self.methods
            return super().predict(method, request)

    predictor = Strict(Method.PREDICT)
    for method in Method:
        if method in (Method.PREDICT, Method.HEALTH_STATUS, Method.SEND_FEEDBACK):
            continue
        with pytest.raises(SeldonError, match=f"Strict has no method {method.value}") as caught:
            predictor.answer(method, Message(Payload(Kind.STR, "x")))
        assert caught.value.code is ErrorCode.NOT_IMPLEMENTED
    assert predictor.answer(Method.PREDICT, None).payload == Payload(Kind.STR, "predict")  # type: ignore[union-attr]
    assert predictor.answer(Method.HEALTH_STATUS, None).payload == Payload(Kind.STR, "healthy")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (None, Kind.TENSOR),
        (Message(Payload(Kind.STR, "x"), Meta(puid="p")), Kind.TENSOR),
        (Message(Payload(Kind.NDARRAY, np.zeros(1)), Meta(puid="p")), Kind.NDARRAY),
    ],
)
def test_feedback_without_a_method_is_answered_as_that_of_a_class(request_: Any, kind: Kind) -> None:
    class Bare:
        def predict(self, X: Any, names: Any) -> Any:
            return X

    answer = Least(Method.PREDICT).answer(Method.SEND_FEEDBACK, feedback(request_))
    of_a_class = ComponentAdapter(Bare()).answer(Method.SEND_FEEDBACK, feedback(request_))
    assert isinstance(answer, Message)
    assert answer.payload is not None
    assert of_a_class.payload is not None
    assert answer.payload.kind is of_a_class.payload.kind is kind
    assert answer.payload.value.shape == of_a_class.payload.value.shape == (0,)
    assert (answer.meta.puid, answer.meta.tags) == (of_a_class.meta.puid, of_a_class.meta.tags)
