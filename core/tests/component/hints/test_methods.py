"""The methods whose hints count, and the hints without effect."""

from __future__ import annotations

import datetime as dt
import typing
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd
import pydantic
import pytest

from seldon_runtime import FaithfulArray
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Feedback, Kind, Message, Payload
from seldon_runtime.inference.method import Method

ROW = Message(Payload(Kind.NDARRAY, np.array([[1.5, 2.5]]), ["a", "b"]))


class Level(Enum):
    LOW = "low"


class Person(pydantic.BaseModel):
    age: int


class Everyone(pydantic.RootModel[list[Person]]):
    """The persons of a request."""


class Frames:
    """Each method shows the columns of the frames that it receives."""

    def route(self, X: pd.DataFrame, features_names: Any) -> int:
        return len(X.columns)

    def aggregate(self, features_list: list[pd.DataFrame], names_list: Any) -> Any:
        return {"columns": [list(frame.columns) for frame in features_list]}

    def send_feedback(self, features: Any, features_names: Any, reward: float, truth: str) -> Any:
        return {"features": type(features).__name__, "truth": truth}

    def score(self, X: pd.DataFrame, features_names: Any) -> Any:
        return X["a"]

    def transform_output(self, X: "pd.DataFrame", features_names: Any) -> Any:  # noqa: UP037 - a text in a text
        return X


def answer(method: Method, request: Any, service_type: ServiceType = ServiceType.MODEL) -> Message:
    return ComponentAdapter(Frames(), service_type=service_type).answer(method, request)


def test_a_router_a_combiner_and_a_transformer_receive_the_type_of_their_hints() -> None:
    assert answer(Method.ROUTE, ROW).payload.value.tolist() == [[2]]
    assert answer(Method.AGGREGATE, [ROW, ROW]).payload.value == {"columns": [["a", "b"], ["a", "b"]]}
    payload = answer(Method.TRANSFORM_OUTPUT, ROW).payload
    assert (payload.value.tolist(), payload.names) == ([[1.5, 2.5]], ["a", "b"])


def test_each_array_of_feedback_has_its_own_hint() -> None:
    truth = Message(Payload(Kind.STR, "yes"))
    found = answer(Method.SEND_FEEDBACK, Feedback(ROW, None, 1.0, truth)).payload
    assert found.value == {"features": "ndarray", "truth": "yes"}
    with pytest.raises(SeldonError, match=r"data\.ndarray, and the component expects one text"):
        answer(Method.SEND_FEEDBACK, Feedback(ROW, None, 1.0, ROW))


def test_an_outlier_detector_receives_the_type_of_its_hint() -> None:
    found = answer(Method.TRANSFORM_INPUT, ROW, ServiceType.OUTLIER_DETECTOR)
    assert found.meta.tags == {"outlierScore": [1.5]}
    assert found.payload is ROW.payload


KEPT = [
    *(np.ndarray, npt.NDArray[Any], FaithfulArray, np.ndarray | str, "Unknown", int),
    *(list, dict, tuple, typing.List, typing.Dict, typing.Any, typing.Iterable[str]),  # noqa: UP006
    *(typing.Annotated[list, []], typing.Literal["a"], typing.Optional[typing.Dict]),  # noqa: UP006, UP045
    *(npt.NDArray[kind] for kind in (np.generic, np.number, np.integer, np.floating, np.inexact)),
    *(npt.NDArray[np.float32 | np.float64], np.ndarray[Any, np.dtype], [int], {"a": int}, 5),
]


@pytest.mark.parametrize("hint", KEPT)
def test_other_hints_have_no_effect(hint: Any) -> None:
    def predict(X: Any) -> Any:
        return X

    predict.__annotations__ = {"X": hint}
    assert Hints(Limits()).of_request(Method.PREDICT, predict) is None


def test_a_hint_with_an_unknown_name_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def predict(X: Any) -> Any:
        return X

    predict.__annotations__ = {"X": "list[Unknown]"}
    assert Hints(Limits()).of_request(Method.PREDICT, predict) is None
    assert "the type hint list[Unknown] of X in" in caplog.text
    caplog.clear()
    for hint in ("pd.DataFrame", "FaithfulArray", "list[FaithfulArray]", "int"):
        predict.__annotations__ = {"X": hint}
        Hints(Limits()).of_request(Method.PREDICT, predict)
    assert not caplog.text


@pytest.mark.parametrize("hint", [*KEPT, None])
def test_the_metadata_name_no_input_for_them(hint: Any) -> None:
    def predict(X: Any) -> Any:
        return X

    predict.__annotations__ = {"X": hint, "return": hint}
    assert Hints(Limits()).described(predict) == {}


@pytest.mark.parametrize(
    ("hint", "payload", "value"),
    [
        (typing.Annotated[str, []], Payload(Kind.BINARY, b"x"), "x"),
        (typing.Annotated[str | None, "text"], Payload(Kind.BINARY, b"x"), "x"),
        (list["Customer | None"], Payload(Kind.JSON, [{"age": 1}, None]), ["Customer(age=1)", "None"]),
        (typing.List["Customer"], Payload(Kind.JSON, [{"age": 1}]), ["Customer(age=1)"]),  # noqa: UP006
        (typing.Annotated["Customer", 1], Payload(Kind.JSON, {"age": 1}), "Customer(age=1)"),
        (list[typing.Annotated[int, "n"]], Payload(Kind.NDARRAY, np.array([[1, 2]])), [1, 2]),
        (dict[int, str], Payload(Kind.JSON, {"1": "a"}), {1: "a"}),
        (dict[str, float], Payload(Kind.NDARRAY, np.array([[1, 2.5]]), ["a", "b"]), {"a": 1.0, "b": 2.5}),
        (npt.NDArray[np.bool_], Payload(Kind.NDARRAY, np.array([])), []),
        (npt.NDArray[np.str_], Payload(Kind.NDARRAY, np.array([]).reshape(0, 2)), []),
        (list["Customer"], Payload(Kind.NDARRAY, np.array([]), ["age"]), []),
        (typing.NewType("Text", str), Payload(Kind.BINARY, b"x"), "x"),
        (typing.NewType("Name", typing.NewType("Text", str)), Payload(Kind.BINARY, b"x"), "x"),
        (typing.TypeVar("T", bound=str), Payload(Kind.BINARY, b"x"), "x"),
        (list[dt.date], Payload(Kind.JSON, ["2026-01-02"]), [dt.date(2026, 1, 2)]),
        (list[Decimal], Payload(Kind.NDARRAY, np.array(["1.10"])), [Decimal("1.10")]),
        (list[UUID], Payload(Kind.JSON, [str(UUID(int=1))]), [UUID(int=1)]),
        (list[Level], Payload(Kind.NDARRAY, np.array([["low", "low"]])), [Level.LOW] * 2),
        (list[Level], Payload(Kind.STR, "low"), [Level.LOW]),
        (Everyone, Payload(Kind.NDARRAY, np.array([[1]]), ["age"]), Everyone([Person(age=1)])),
        (Everyone, Payload(Kind.JSON, [{"age": 1}]), Everyone([Person(age=1)])),
        (list[typing.Literal["a"]], Payload(Kind.JSON, ["a"]), ["a"]),
    ],
)
def test_a_hint_counts_behind_what_stands_around_it(hint: Any, payload: Payload, value: Any) -> None:
    def predict(X: Any) -> Any:
        return X

    predict.__annotations__ = {"X": hint}
    change = Hints(Limits()).of_request(Method.PREDICT, predict)
    assert change is not None
    found = change(Message(payload)).payload.value
    found = found.tolist() if isinstance(found, np.ndarray) else found
    shown = [str(each) if isinstance(each, Customer | None) else each for each in np.atleast_1d(found)]
    assert found == value or shown == np.atleast_1d(value).tolist()


def test_an_empty_array_with_names_is_a_frame_without_rows() -> None:
    payload = Payload(Kind.NDARRAY, np.array([]), ["a", "b"])
    found = answer(Method.TRANSFORM_OUTPUT, Message(payload)).payload
    assert (found.value.shape, found.names) == ((0, 2), ["a", "b"])


def test_the_metadata_describe_a_hint_behind_what_stands_around_it() -> None:
    def predict(X: typing.Annotated[list[Customer | None], "all"]) -> Any:
        return X

    (entry,) = Hints(Limits()).described(predict)["inputs"]
    assert entry["messagetype"] == "jsonData"
    assert "schema" in entry


@pytest.mark.parametrize(
    ("hint", "entry"),
    [
        (npt.NDArray[np.bool_], {"messagetype": "ndarray", "schema": {"datatype": "BOOL"}}),
        (npt.NDArray[np.str_], {"messagetype": "ndarray", "schema": {"datatype": "BYTES"}}),
        (npt.NDArray[np.int8], {"messagetype": "tensor"}),
        (dict[str, npt.NDArray[np.int8]], {"messagetype": "ndarray"}),
        (
            list[list[float]],
            {
                "messagetype": "jsonData",
                "schema": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            },
        ),
        (dict[str, Any], {"messagetype": "jsonData", "schema": {"type": "object"}}),
    ],
)
def test_the_metadata_describe_each_hint_that_counts(hint: Any, entry: Any) -> None:
    def predict(X: Any) -> Any:
        return X

    predict.__annotations__ = {"X": hint}
    assert Hints(Limits()).described(predict)["inputs"] == [entry]


class Validated(pydantic.BaseModel):
    age: int

    @pydantic.field_validator("age")
    @classmethod
    def checked(cls, age: int) -> int:
        if age == 0:
            raise ValueError("the age is zero")
        return {1: 1}[age]


@dataclass
class Initialized:
    age: int

    def __post_init__(self) -> None:
        {1: 1}[self.age]


@pytest.mark.parametrize("hint", [Validated, list[Validated], Initialized, list[Initialized]])
def test_an_exception_of_the_users_validation_is_the_components_failure(hint: Any) -> None:
    def predict(X: Any) -> Any:
        return X

    predict.__annotations__ = {"X": hint}
    change = Hints(Limits()).of_request(Method.PREDICT, predict)
    assert change is not None
    value: Any = {"age": 7}
    with pytest.raises(ComponentFailed, match="KeyError") as failed:
        change(Message(Payload(Kind.JSON, value if isinstance(hint, type) else [value])))
    assert isinstance(failed.value.__cause__, KeyError)
    assert hint.__name__ in failed.value.where


def test_a_value_that_the_users_validation_refuses_is_the_callers_fault() -> None:
    def predict(X: Validated) -> Any:
        return X

    change = Hints(Limits()).of_request(Method.PREDICT, predict)
    assert change is not None
    with pytest.raises(SeldonError, match=r"^jsonData\.age: Value error, the age is zero") as refused:
        change(Message(Payload(Kind.JSON, {"age": 0})))
    assert refused.value.code is ErrorCode.BAD_DATA


@dataclass
class WithArray:
    array: np.ndarray


def test_a_record_without_a_json_schema_is_still_an_input() -> None:
    def predict(X: WithArray) -> Any:
        return X

    assert Hints(Limits()).described(predict) == {"inputs": [{"messagetype": "jsonData"}]}


@dataclass
class Customer:
    age: int


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, {"age": "\ud800"}])
def test_a_record_with_half_of_a_surrogate_pair_is_the_callers_fault(value: Any) -> None:
    def predict(X: Customer) -> Any:
        return X

    change = Hints(Limits()).of_request(Method.PREDICT, predict)
    assert change is not None
    with pytest.raises(SeldonError, match="jsonData") as refused:
        change(Message(Payload(Kind.JSON, value)))
    assert refused.value.code is ErrorCode.BAD_DATA


def test_hints_may_be_left_without_effect() -> None:
    hints = Hints(Limits(), convert=False)
    assert hints.of_request(Method.ROUTE, Frames().route) is None
    assert Hints(Limits()).of_request(Method.ROUTE, Frames().route) is not None


def test_an_optional_type_counts_as_the_type() -> None:
    def predict(X: str | None) -> Any:
        return X

    change = Hints(Limits()).of_request(Method.PREDICT, predict)
    assert change is not None
    assert change(Message(Payload(Kind.BINARY, b"text"))).payload.value == "text"


def test_the_check_of_inputs_is_that_of_the_newest_metadata() -> None:
    class Model:
        inputs: tuple[Any, ...] = ({"messagetype": "strData"},)

        def predict(self, X: Any, names: Any) -> Any:
            return "seen"

        def init_metadata(self) -> Any:
            return {"inputs": list(self.inputs)}

    user = Model()
    adapter = ComponentAdapter(user, hints=Hints(Limits(), check_inputs=True))
    adapter.metadata()
    unchecked = adapter._unchecked[Method.PREDICT]
    with pytest.raises(SeldonError, match="the component declares strData"):
        adapter.answer(Method.PREDICT, Message(Payload(Kind.JSON, {})))
    user.inputs = ({"messagetype": "jsonData"},)
    adapter.metadata()
    adapter.answer(Method.PREDICT, Message(Payload(Kind.JSON, {})))
    user.inputs = ()
    adapter.metadata()
    adapter.answer(Method.PREDICT, Message(Payload(Kind.STR, "")))
    assert adapter._run[Method.PREDICT] is unchecked
