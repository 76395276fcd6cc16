"""`--check-inputs`, over REST and gRPC: requests are compared with the declared inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.identity import ServiceType

from .both import Both
from .test_values import by_grpc, by_rest

COLUMNS = [
    {"name": "plan", "datatype": "BYTES", "shape": [-1]},
    {"name": "age", "datatype": "FP64", "shape": [-1]},
]
NAMED = [{"messagetype": "ndarray", "schema": {"names": ["a", "b"]}}]
SHAPED = [{"messagetype": "tensor", "schema": {"shape": [2]}}]
TRUTH = [{"messagetype": "ndarray", "schema": {"datatype": "BOOL"}}]
ONE = [{"name": "X", "datatype": "INT64", "shape": [-1, 2]}]
NARROW = [{"name": "X", "datatype": "INT32", "shape": [-1]}]
FP32 = [{"name": "X", "datatype": "FP32", "shape": [-1]}]
BF16 = [{"name": "X", "datatype": "BF16", "shape": [-1]}]
TEXT = [{"messagetype": "strData"}, {"messagetype": "image/png"}]


def rows(values: Any, names: list[str] | None = None) -> dict[str, Any]:
    return {"data": {"ndarray": values, **({"names": names} if names else {})}}


GOOD = [
    (COLUMNS, rows([["basic", 1.5], ["plus", None]], ["plan", "age"])),
    (COLUMNS, rows([["basic", 1.5]])),
    (COLUMNS, rows(["basic", 1.5])),
    (NAMED, rows([[1, 2]], ["a", "b"])),
    (NAMED, {"data": {"tensor": {"shape": [1, 2], "values": [1, 2]}}}),
    (SHAPED, rows([[1, 2], [3, 4]])),
    (ONE, rows([[1, 2]])),
    (TRUTH, rows([[True, False]])),
    (NARROW, rows([2**31 - 1, -(2**31)])),
    (FP32, rows([3.4e38, -1, None])),
    (BF16, rows([1.5])),
    (TEXT, {"strData": "text"}),
    (TEXT, {"binData": "AAE="}),
    ([], {"strData": "text"}),
]
BAD = [
    (
        COLUMNS,
        rows([["basic", "old"]]),
        r"^data\.ndarray\[0\]\[1\] \(age\) is 'old', expected a number",
    ),
    (COLUMNS, rows(["basic", True]), r"^data\.ndarray\[1\] \(age\) is True"),
    (COLUMNS, rows([[1, 2]]), r"\(plan\) is 1.*, expected a text \(BYTES\)"),
    (COLUMNS, rows([["basic", 1]], ["plan", "years"]), "^data.names lacks 'age', expected plan, age"),
    (COLUMNS, rows([["basic"]]), "^data.ndarray has 1 columns, expected 2: plan, age"),
    (NAMED, rows([[1, 2]], ["b", "a"]), "^data.names has another order"),
    (NAMED, rows([[1, 2, 3]], ["a", "b", "c"]), "^data.names has 'c', which is not declared"),
    (NAMED, {"strData": "text"}, "^the request has strData, the component declares data"),
    (SHAPED, rows([[1, 2, 3]]), r"^data\.ndarray has the shape \[1, 3\], expected \[2\]"),
    (TRUTH, rows([[1, 0]]), r"^data\.ndarray\[0\]\[0\] is 1.*, expected true or false \(BOOL\)"),
    (ONE, rows([[1, 2.5]]), r"^data\.ndarray\[0\]\[1\] is 2.5, expected a whole number \(INT64\)"),
    (
        NARROW,
        rows([1, 5000000000]),
        r"^data\.ndarray\[1\] is 5000000000.*, expected a whole number from -2147483648",
    ),
    (FP32, rows([1e300]), r"^data\.ndarray\[0\] is 1e\+300, expected a number from -3.4"),
    (TEXT, rows([1]), "the component declares binData or strData"),
]


class Declares:
    def __init__(self, inputs: list[Any]) -> None:
        self.inputs = inputs

    def predict(self, X: Any, features_names: Any) -> Any:
        return "seen"

    def init_metadata(self) -> Any:
        return {"inputs": self.inputs}


def ask(inputs: list[Any], request: Any, by: Callable[[Both, Any], Any], *words: str) -> Any:
    server = Both(Declares(inputs), ServiceType.MODEL, words)
    try:
        return by(server, request)
    finally:
        server.stop()


@pytest.mark.parametrize("by", [by_rest, by_grpc])
def test_a_declared_input_is_taken(by: Any) -> None:
    for inputs, request in GOOD:
        assert ask(inputs, request, by, "--check-inputs")["strData"] == "seen", request


@pytest.mark.parametrize("by", [by_rest, by_grpc])
@pytest.mark.parametrize(("inputs", "request_", "message"), BAD)
def test_another_input_is_refused_with_its_column(inputs: Any, request_: Any, message: str, by: Any) -> None:
    with pytest.raises(SeldonError, match=message) as caught:
        ask(inputs, request_, by, "--check-inputs")
    assert caught.value.code is ErrorCode.BAD_DATA


def test_without_the_setting_every_input_is_taken() -> None:
    for inputs, request, _ in BAD:
        assert ask(inputs, request, by_rest)["strData"] == "seen"


HINTED = [
    (pd.DataFrame, {"jsonData": [{"a": 1}]}),
    (pd.DataFrame, rows([[1]], ["a"])),
    (npt.NDArray[np.float32], {"jsonData": [1.5]}),
    (list[float], rows([[1.5, 2]])),
    (str, {"binData": "YQ=="}),
    (bytes, {"strData": "text"}),
]


@pytest.mark.parametrize("by", [by_rest, by_grpc])
@pytest.mark.parametrize(("hint", "request_"), HINTED)
def test_each_form_that_a_hint_converts_is_taken(hint: Any, request_: Any, by: Any) -> None:
    def predict(self: object, X: Any) -> str:
        return "seen"

    predict.__annotations__ = {"X": hint}
    server = Both(type("Hinted", (), {"predict": predict})(), ServiceType.MODEL, ["--check-inputs"])
    try:
        assert by(server, request_)["strData"] == "seen"
        with pytest.raises(SeldonError) as caught:
            by(server, {"jsonData": None})
        assert caught.value.code is ErrorCode.BAD_DATA
    finally:
        server.stop()
