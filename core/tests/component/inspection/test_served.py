"""The forms of a component that a program serves or tests."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from seldon_runtime.component.inspection.served import served
from seldon_runtime.errors import StartupError
from seldon_runtime.testing import client


def scale(X: Any, *, factor: float = 2) -> Any:
    return X * factor


class Model:
    factor = 3

    def predict(self, X: Any) -> Any:
        return X * self.factor

    def quadruple(self, X: Any) -> Any:
        return X * 4

    @classmethod
    def quintuple(cls, X: Any) -> Any:
        return X * 5


class Six:
    def __call__(self, X: Any) -> Any:
        return X * 6


class Late:
    def load(self) -> None:
        self.predict = scale

    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("component", "factor", "name"),
    [
        (scale, 2, "scale"),
        (partial(scale, factor=7), 7, "scale"),
        (
            partial(
                partial(
                    Six(),
                ),
            ),
            6,
            "Six",
        ),
        (Model().quadruple, 4, "quadruple"),
        (Model.quintuple, 5, "quintuple"),
        (Six(), 6, "Six"),
        (Six, None, "Six"),
        (Model, 3, "Model"),
        (Model(), 3, "Model"),
        (Late(), 2, "Late"),
        (lru_cache(scale), None, "scale"),
    ],
)
def test_classes_functions_and_objects_are_served(component: Any, factor: int | None, name: str) -> None:
    found = served(component)
    assert (found if isinstance(found, type) else type(found)).__name__ == name
    if factor is not None:
        with client(component) as asked:
            assert asked.predict([[1.0]]).value == [[factor]]


def test_a_builtin_function_is_served() -> None:
    with client(len) as asked:
        assert asked.predict([[1.0], [2.0]]).value == [[2]]


def test_an_object_that_has_every_attribute_is_an_object() -> None:
    component = Mock()
    assert served(component) is component


@pytest.mark.parametrize("component", [None, 5, "Model", b"x", [scale], {}, json, object(), np.zeros(2)])
def test_other_objects_are_refused(component: Any) -> None:
    kind = "None" if component is None else f"an object of the type {type(component).__name__}"
    with pytest.raises(StartupError, match=f"the component is {kind}, expected a class, a function"):
        served(component)
    with pytest.raises(StartupError, match="expected a class, a function"):
        client(component)


def test_the_client_refuses_a_class_with_a_misspelt_method() -> None:
    with pytest.raises(StartupError, match=r"Did you mean predict\?"):
        client(type("Churn", (), {"predct": scale}))


def test_an_object_takes_no_parameters() -> None:
    with client(type("Scaled", (), {"__init__": lambda self, n: None, "predict": staticmethod(scale)}), n=1):
        pass
    with pytest.raises(StartupError, match="an object, expected a class for the parameter 'n'"):
        client(Model(), n=1)
