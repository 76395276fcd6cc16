"""The short way of a call with an array: it answers as the long one, or leaves the call to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime import Component, FaithfulArray, SeldonNotImplementedError
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.errors import ComponentFailed, SeldonError
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import NDARRAY, NO_META, TENSOR, TFTENSOR, Message, Meta, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.testing.components import RESULTS

METHODS = [Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT]
METAS = [NO_META, Meta("p", {"a": 1}, {"r": 1}, {"before": "b:1", "unit": "c:1"}, [{"key": "k"}])]
ROWS = np.array([[1.0, 2.0], [3.0, 4.0]])


def answering(result: Any, **attributes: Any) -> Any:
    def answer(self: Any, X: Any, names: Any) -> Any:
        return result

    names = {method.value: answer for method in METHODS}
    return type("Answering", (), {**names, **attributes})()


def raising(error: Exception) -> Any:
    def answer(self: Any, X: Any, names: Any) -> Any:
        raise error

    return type("Raising", (), {method.value: answer for method in METHODS})()


class Takes:
    class_names = ("x", "y")

    def predict(self, X: Any, names: Any, meta: Any = None) -> Any:
        return X + len(names) + len(meta or {})

    transform_input = transform_output = predict


class Named(Component):
    feature_names = ("f", "g")

    def class_names(self) -> Any:
        return ["c", "d"]

    def predict(self, X: Any, features_names: Any, meta: Any = None) -> Any:
        return X

    transform_input = transform_output = predict


class Unreadable(Named):
    @property
    def class_names(self) -> Any:  # type: ignore[override]
        raise ValueError("no names")


USERS = {
    "same": answering(ROWS),
    "one dimension": answering(ROWS[0]),
    "whole numbers": answering(ROWS.astype(int)),
    "32 bits": answering(ROWS.astype("f4")),
    "masked": answering(np.ma.masked_array(ROWS, ROWS > 2)),
    "tags": answering(ROWS, tags={"own": 1}),
    "metrics": answering(ROWS, metrics=[{"key": "k", "type": "COUNTER", "value": 1}]),
    "takes all": Takes(),
    "named": Named(),
    "wrong names": answering(ROWS, class_names="text"),
    "helper": answering(ROWS, class_names=lambda self, needed: needed),
    "unreadable": Unreadable(),
    "not implemented": raising(SeldonNotImplementedError("later")),
    "refuses": raising(SeldonError("no")),
    "fails": raising(ValueError("broken")),
    **{f"result {number}": answering(result) for number, result in enumerate(RESULTS)},
}


def outcome(act: Any) -> Any:
    try:
        return comparable(act())
    except SeldonError as error:
        return type(error), error.code, error.message, getattr(error, "where", None)


def comparable(message: Message) -> Any:
    payload = message.payload
    assert payload is not None
    value = payload.value
    shown = (value.dtype, repr(value.tolist())) if isinstance(value, np.ndarray) else value
    headers = message.headers
    return payload.kind, shown, list(payload.names or ()), message.meta, message.metrics, headers


def long_way(adapter: ComponentAdapter, method: Method, request: Message) -> Message:
    adapter._array_calls = {}
    answer = adapter.answer(method, request)
    assert isinstance(answer, Message)
    return answer


@pytest.mark.parametrize("kind", [NDARRAY, TENSOR, TFTENSOR])
@pytest.mark.parametrize("meta", METAS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_the_short_way_answers_as_the_long_one(user: Any, method: Method, meta: Meta, kind: Any) -> None:
    request = Message(Payload(kind, ROWS, ["a", "b"]), meta, {"given": 1})
    identity = Identity(unit="unit", image="u:1")
    short = ComponentAdapter(user, identity)
    assert short.array_call(method) is not None
    wanted = outcome(lambda: long_way(ComponentAdapter(user, identity), method, request))
    assert outcome(lambda: short.answer(method, request)) == wanted


def test_a_payload_stands_for_an_answer_that_adds_only_its_path() -> None:
    class Unread:
        @property
        def meta(self) -> Meta:
            raise AssertionError("nobody needs the meta")

    call = ComponentAdapter(Takes()).array_call(Method.PREDICT)
    assert call is not None
    payload = call(ROWS, ["a", "b"], TENSOR, {"tags": {}}, Unread())
    assert type(payload) is Payload
    assert (payload.value.tolist(), list(payload.names or ())) == ((ROWS + 3).tolist(), ["x", "y"])


def test_what_user_code_raises_is_named_without_the_frames_of_the_runtime() -> None:
    call = ComponentAdapter(raising(ValueError("broken"))).array_call(Method.PREDICT)
    assert call is not None
    with pytest.raises(ComponentFailed, match="ValueError: broken") as raised:
        call(ROWS, [], TENSOR, None, Message(None))
    assert raised.value.where == "raising.<locals>.answer"
    trace: Any = raised.value.__cause__ and raised.value.__cause__.__traceback__
    assert trace.tb_frame.f_code.co_name == "answer"


class Hinted:
    def predict(self, X: list[list[float]], names: Any) -> Any:
        return X


class Faithful:
    def predict(self, X: FaithfulArray, names: Any) -> Any:
        return X


class Infers:
    def infer(self, inputs: Any) -> Any:
        return inputs


class Detects:
    def score(self, X: Any, names: Any) -> Any:
        return [0.5]

    def transform_input(self, X: Any, names: Any) -> Any:
        return X


@pytest.mark.parametrize(
    ("user", "method", "is_short"),
    [
        (Hinted(), Method.PREDICT, False),
        (Faithful(), Method.PREDICT, True),
        (Infers(), Method.PREDICT, False),
        (Detects(), Method.TRANSFORM_INPUT, False),
        (Takes(), Method.ROUTE, False),
        (Takes(), Method.PREDICT, True),
    ],
)
def test_requests_that_need_a_conversion_have_no_short_way(user: Any, method: Method, is_short: bool) -> None:
    kind = ServiceType.OUTLIER_DETECTOR if isinstance(user, Detects) else ServiceType.MODEL
    adapter = ComponentAdapter(user, service_type=kind)
    assert (adapter.array_call(method) is not None) is is_short


def test_checked_inputs_have_no_short_way() -> None:
    adapter = ComponentAdapter(
        Takes(),
        hints=Hints(Limits(), check_inputs=True),
        metadata_override='{"inputs": [{"name": "x", "datatype": "FP64", "shape": [2, 2]}]}',
    )
    assert adapter.array_call(Method.PREDICT) is not None
    adapter.metadata()
    assert adapter.array_call(Method.PREDICT) is None
