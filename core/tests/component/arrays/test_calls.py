"""Calls with named arrays: ``infer``, plain methods, and v1 requests to a class that has only ``infer``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from seldon_runtime import Response
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import (
    ErrorCode,
    SeldonError,
    SeldonNotImplementedError,
    StartupError,
)
from seldon_runtime.inference.message import ARRAYS, NDARRAY, Kind, Message, Meta, Payload
from seldon_runtime.inference.method import Method

FP32 = np.array([1, 2], np.float32)


def adapter(user: object) -> ComponentAdapter:
    made = ComponentAdapter(user)
    made.load()
    made.metadata()
    return made


def asked(user: object, arrays: dict[str, Any], **tags: Any) -> Message:
    payload = Payload(ARRAYS, {name: np.asarray(array) for name, array in arrays.items()}, [])
    answer = adapter(user).answer(Method.PREDICT, Message(payload, Meta(puid="7"), {"tags": tags}))
    assert isinstance(answer, Message)
    return answer


def values(answer: Message) -> dict[str, Any]:
    assert answer.payload is not None
    assert answer.payload.kind is ARRAYS
    return {name: array.tolist() for name, array in answer.payload.value.items()}


class AddSub:
    def infer(self, inputs: dict[str, Any], parameters: Any = None) -> Any:
        self.parameters = parameters
        return {"sum": inputs["a"] + inputs["b"], "diff": inputs["a"] - inputs["b"]}


class Declared(AddSub):
    def init_metadata(self) -> Any:
        tensor = {"datatype": "FP32", "shape": [-1]}
        return {
            "inputs": [{"name": "a", **tensor}, {"name": "b", **tensor}],
            "outputs": [{"name": "sum", **tensor}],
        }


class Identity:
    def predict(self, X: Any, names: Any, meta: Any = None) -> Any:
        self.seen = X, names, meta
        return X


def test_infer_receives_the_arrays_by_name_and_names_its_outputs() -> None:
    user = AddSub()
    answer = asked(user, {"b": FP32, "a": FP32 + 1}, k="v")
    assert values(answer) == {"sum": [3, 5], "diff": [1, 1]}
    assert answer.payload is not None
    assert answer.payload.value["sum"].dtype == np.float32
    assert user.parameters == {"k": "v"}
    assert answer.meta.puid == "7"


def test_columns_become_the_table_that_a_hint_asks_for() -> None:
    class Total:
        def predict(self, X: pd.DataFrame) -> Any:
            assert list(X.columns) == ["a", "b"]
            return X.assign(total=X["a"] + X["b"])

    assert values(asked(Total(), {"a": [1, 2], "b": [3, 4]})) == {"a": [1, 2], "b": [3, 4], "total": [4, 6]}


def test_infer_may_leave_the_parameters_out() -> None:
    class Short:
        def infer(self, inputs: Any) -> Any:
            return inputs["x"]

    assert values(asked(Short(), {"x": FP32})) == {"output-0": [1, 2]}


def test_an_array_alone_is_called_as_the_class_declares() -> None:
    class Single(Declared):
        def infer(self, inputs: Any, parameters: Any = None) -> Any:
            return inputs["a"]

    assert values(asked(Single(), {"a": FP32, "b": FP32})) == {"sum": [1, 2]}


def test_a_response_of_infer_brings_tags_metrics_and_headers() -> None:
    class Tagged:
        def infer(self, inputs: Any) -> Any:
            metrics = [{"type": "COUNTER", "key": "k", "value": 1}]
            return Response(inputs, tags={"a": 1}, metrics=metrics, headers={"x-a": "b"})

    answer = asked(Tagged(), {"x": FP32})
    assert (answer.meta.tags, answer.headers) == ({"a": 1}, {"x-a": "b"})
    assert [metric.key for metric in answer.metrics] == ["k"]


def test_predict_receives_the_only_array_itself() -> None:
    user = Identity()
    assert values(asked(user, {"x": FP32}, t=1)) == {"output-0": [1, 2]}
    X, names, meta = user.seen
    assert (X.dtype, list(names), meta["tags"]) == (np.float32, [], {"t": 1})


def test_predict_receives_several_columns_as_one_table_with_their_names() -> None:
    user = Identity()
    assert values(asked(user, {"a": [1, 2], "b": [[3], [4]]})) == {"output-0": [[1, 3], [2, 4]]}
    assert list(user.seen[1]) == ["a", "b"]


def test_column_names_of_the_class_come_with_a_table() -> None:
    class Named(Identity):
        class_names = ("no", "yes")

    answer = asked(Named(), {"x": [[1, 2]]})
    assert answer.payload is not None
    assert answer.payload.names == ("no", "yes")


@pytest.mark.parametrize(
    ("method", "wanted"), [("transform_input", {"x": [1, 2]}), ("predict", {"output-0": []})]
)
def test_a_method_that_is_not_implemented_passes_its_input_or_answers_an_empty_array(
    method: str, wanted: Any
) -> None:
    def refuse(self: Any, X: Any, names: Any) -> Any:
        raise SeldonNotImplementedError

    made = adapter(type("User", (), {method: refuse})())
    payload = Payload(ARRAYS, {"x": FP32}, [])
    answer = made.answer(Method(method), Message(payload))
    assert isinstance(answer, Message)
    assert values(answer) == wanted


def test_a_class_without_a_method_for_it_says_so() -> None:
    class Router:
        def route(self, X: Any, names: Any) -> int:
            return 1

    with pytest.raises(SeldonError, match="Router has no method predict and no infer") as error:
        asked(Router(), {"x": FP32})
    assert error.value.code is ErrorCode.NOT_IMPLEMENTED
    answer = adapter(Router()).answer(Method.ROUTE, Message(Payload(ARRAYS, {"x": FP32}, [])))
    assert isinstance(answer, Message)
    assert answer.payload is not None
    assert answer.payload.value.tolist() == [[1]]


def test_an_outlier_detector_scores_an_array_and_passes_the_request() -> None:
    from seldon_runtime.inference.identity import ServiceType

    class Detector:
        def score(self, X: Any, names: Any) -> Any:
            return X.ravel()

    made = ComponentAdapter(Detector(), service_type=ServiceType.OUTLIER_DETECTOR)
    answer = made.answer(Method.TRANSFORM_INPUT, Message(Payload(ARRAYS, {"x": FP32}, [])))
    assert isinstance(answer, Message)
    assert values(answer) == {"x": [1, 2]}
    assert answer.meta.tags == {"outlierScore": [1, 2]}


# v1 requests to a class that has infer only


def v1(user: object, payload: Payload) -> Any:
    made = adapter(user)
    assert Method.PREDICT in made.methods
    answer = made.answer(Method.PREDICT, Message(payload))
    assert isinstance(answer, Message)
    assert answer.payload is not None
    return answer.payload


def test_a_v1_request_reaches_infer_by_its_column_names_in_the_declared_datatype() -> None:
    answer = v1(Declared(), Payload(NDARRAY, np.array([[1, 10], [2, 20]]), ["b", "a"]))
    assert answer.kind is Kind.JSON
    assert answer.value == {"sum": [11, 22], "diff": [9, 18]}
    assert v1(Declared(), Payload(NDARRAY, np.array([[1.0, 10.0]]))).value == {"sum": [11], "diff": [-9]}


@pytest.mark.parametrize("names", [["a"], ["a", "c"]])
def test_a_v1_request_with_other_columns_is_refused(names: list[str]) -> None:
    with pytest.raises(SeldonError, match="expected a column for each of a, b") as error:
        v1(Declared(), Payload(NDARRAY, np.array([[1, 10]]), names))
    assert error.value.code is ErrorCode.BAD_DATA


def test_a_v1_request_without_names_is_the_one_input() -> None:
    class Single:
        def infer(self, inputs: Any) -> Any:
            ((name, array),) = inputs.items()
            return [name, str(array.dtype), *map(repr, array.ravel().tolist())]

    assert v1(Single(), Payload(NDARRAY, np.array([1.5]))).value == ["input-0", "float64", "1.5"]
    assert v1(Single(), Payload(Kind.STR, "é")).value == ["input-0", "object", repr("é".encode())]
    assert v1(Single(), Payload(Kind.BINARY, b"\xff")).value == ["input-0", "object", repr(b"\xff")]
    with pytest.raises(SeldonError, match="the request has jsonData, expected data, strData or binData"):
        v1(Single(), Payload(Kind.JSON, {}))


def test_bytes_of_infer_are_text_for_a_v1_client() -> None:
    class Texts:
        def infer(self, inputs: Any) -> Any:
            return Response(np.array([b"a", b"\xc3\xa9"], object), tags={"t": 1})

    answer = v1(Texts(), Payload(NDARRAY, np.array([1])))
    assert answer.value == ["a", "é"]


def test_a_class_with_both_answers_each_protocol_by_its_own_method() -> None:
    class Both(Identity):
        def infer(self, inputs: Any) -> Any:
            return "infer"

    made = adapter(Both())
    assert made.has_infer
    assert values(asked(Both(), {"x": FP32})) == {"output-0": ["infer"]}
    assert v1(Both(), Payload(NDARRAY, np.array([1]))).value.tolist() == [1]


def test_a_helper_named_infer_beside_predict_is_left_alone() -> None:
    class Helper(Identity):
        def infer(self, a: Any, b: Any) -> Any:
            raise AssertionError

    made = adapter(Helper())
    assert not made.has_infer
    assert any("Helper.infer needs the argument 'b'" in misfit for misfit in made.misfits)
    assert values(asked(Helper(), {"x": FP32})) == {"output-0": [1, 2]}


def test_infer_alone_must_fit() -> None:
    class Wrong:
        def infer(self, a: Any, b: Any) -> Any:
            raise AssertionError

    with pytest.raises(StartupError, match="needs the argument 'b'"):
        adapter(Wrong())
