"""Tables as columns: what they are together, and how a component receives and answers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.columns import Columns, are_texts, joined
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import ARRAYS, Kind, Message, Payload
from seldon_runtime.inference.method import Method

TABLE = Columns(a=np.array([1, 2]), b=np.array(["x", None], object), c=np.array([0.5, 1.5]))


@dataclass
class Row:
    a: int
    b: float


NUMBERS = Columns(a=np.array([1, 2]), b=np.array([0.5, 1.5]))


def ask(user: Any, columns: Any, method: Method = Method.PREDICT, **options: Any) -> Payload:
    adapter = ComponentAdapter(user, **options)
    adapter.metadata()
    payload = adapter.answer(method, Message(Payload(ARRAYS, columns, list(columns)))).payload
    assert payload is not None
    return payload


def test_columns_are_joined_so_that_every_value_stays_what_it_is() -> None:
    assert as_single(Payload(ARRAYS, NUMBERS)).value.dtype == np.float64
    single = as_single(Payload(ARRAYS, TABLE))
    assert (single.kind, single.names) == (Kind.NDARRAY, ["a", "b", "c"])
    assert single.value.tolist() == [[1, "x", 0.5], [2, None, 1.5]]
    flags = Columns(a=np.array([True]), b=np.array([1]))
    assert as_single(Payload(ARRAYS, flags)).value.tolist() == [[True, 1]]
    assert as_single(Payload(ARRAYS, Columns())).value.shape == (0, 0)
    assert joined([], 3).shape == (3, 0)


def test_a_method_without_a_hint_receives_one_array() -> None:
    class Model:
        def predict(self, X: Any, names: Any) -> Any:
            return {"names": list(names), "sums": X.sum(axis=1)}

    assert ask(Model(), NUMBERS).value == {"names": ["a", "b"], "sums": [1.5, 3.5]}


def test_a_table_that_a_hint_asks_for_is_answered_as_columns_with_their_types() -> None:
    class Model:
        def predict(self, X: pd.DataFrame) -> Any:
            return X

    payload = ask(Model(), TABLE)
    assert (payload.kind, type(payload.value)) == (ARRAYS, Columns)
    assert {name: column.dtype.kind for name, column in payload.value.items()} == {
        "a": "i",
        "b": "O",
        "c": "f",
    }
    assert payload.value["b"].tolist() == ["x", None]


def test_other_results_have_the_form_that_v1_gives_them() -> None:
    class Model:
        def predict(self, X: pd.DataFrame) -> Any:
            return [len(X), "text", {"a": 1}, X.to_numpy()[:, :1], pd.DataFrame([[1, 2]])][X["a"].iloc[0]]

    def kind(index: int) -> Kind:
        return ask(Model(), Columns(a=np.array([index]))).kind

    kinds = [kind(index) for index in range(5)]
    assert kinds == [Kind.TENSOR, Kind.STR, Kind.JSON, Kind.TENSOR, Kind.TENSOR]


def test_arrays_and_records_by_name_come_from_columns() -> None:
    class Arrays:
        def predict(self, X: dict[str, np.ndarray]) -> Any:
            return {name: str(array.dtype) for name, array in X.items()}

    assert ask(Arrays(), TABLE).value == {"a": "int64", "b": "object", "c": "float64"}

    class Records:
        def predict(self, X: list[Row]) -> Any:
            return {"rows": X}

    assert ask(Records(), NUMBERS).value == {"rows": [{"a": 1, "b": 0.5}, {"a": 2, "b": 1.5}]}


def test_inputs_of_any_shape_reach_a_method_that_asks_for_arrays_by_name() -> None:
    class Model:
        def predict(self, X: dict[str, np.ndarray]) -> Any:
            return np.array([X["image"].ndim, X["size"].ndim])

    arrays = {"image": np.zeros((2, 3, 4)), "size": np.array([1])}
    assert ask(Model(), arrays).value["output-0"].tolist() == [3, 1]


def test_a_class_with_infer_receives_its_arrays() -> None:
    class Model:
        def infer(self, inputs: Any) -> Any:
            return {name: array[:1] for name, array in inputs.items()}

    words = Columns(a=np.array([1, 2]), b=np.array(["x", "y"], object))
    assert ask(Model(), words).value == {"a": [1], "b": ["x"]}


def test_a_router_and_an_outlier_detector_take_columns() -> None:
    class Router:
        def route(self, X: pd.DataFrame) -> int:
            return len(X)

    payload = ask(Router(), TABLE, Method.ROUTE, service_type=ServiceType.ROUTER)
    assert payload.value.tolist() == [[2]]

    class Detector:
        def score(self, X: pd.DataFrame) -> Any:
            return [0.5] * len(X)

    payload = ask(Detector(), TABLE, Method.TRANSFORM_INPUT, service_type=ServiceType.OUTLIER_DETECTOR)
    assert payload.value is TABLE


def test_declared_inputs_are_checked() -> None:
    class Model:
        def predict(self, X: pd.DataFrame) -> Any:
            return X

        def init_metadata(self) -> Any:
            return {"inputs": [{"messagetype": "ndarray", "schema": {"names": ["a", "c"]}}]}

    with pytest.raises(SeldonError, match=r"^data\.names has 'b', which is not declared; expected a, c"):
        ask(Model(), TABLE, hints=Hints(Limits(), check_inputs=True))


def test_a_table_that_does_not_fit_names_its_place() -> None:
    class Model:
        def predict(self, X: str) -> Any:
            return X

    with pytest.raises(
        SeldonError, match=r"^the request has data\.ndarray, and the component expects one text"
    ):
        ask(Model(), TABLE)


def test_texts_are_told_from_other_values() -> None:
    assert are_texts(["a", ""])
    for others in ([], ["a", None], ["a", 1], [b"a"], [np.nan]):
        assert not are_texts(others)
