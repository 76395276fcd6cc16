"""The annotations of a method's arguments."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from seldon_runtime import FaithfulArray
from seldon_runtime.component.inspection.annotations import annotations_of, returned_annotation

if TYPE_CHECKING:
    from somewhere import Unknown


class Model:
    def predict(self, X: FaithfulArray, names: Unknown, meta: dict[str, int] | None = None) -> None: ...

    def route(self, X, names): ...  # type: ignore[no-untyped-def]

    def __call__(self, X: FaithfulArray) -> int: ...


@pytest.mark.parametrize(
    "function", [partial(Model().predict, meta=None), partial(partial(Model())), Model()]
)
def test_annotations_behind_partials_and_in_callable_objects_are_evaluated(function: Any) -> None:
    assert next(iter(annotations_of(function))) is FaithfulArray


def test_the_annotation_of_a_result_is_evaluated() -> None:
    assert returned_annotation(partial(Model())) is int
    assert returned_annotation(Model().route) is None


def test_annotations_are_evaluated_where_their_names_exist() -> None:
    assert list(annotations_of(Model().predict)) == [FaithfulArray, "Unknown", dict[str, int] | None]


def test_arguments_without_annotations_have_none() -> None:
    assert list(annotations_of(Model().route)) == []


@pytest.mark.parametrize("function", [np.add, dict.update, print])
def test_a_function_without_annotations_is_no_failure(function: Any) -> None:
    assert list(annotations_of(function)) == []
