"""The annotations of a method's arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from seldon_runtime import FaithfulArray
from seldon_runtime.component.inspection.annotations import annotations_of

if TYPE_CHECKING:
    from somewhere import Unknown


class Model:
    def predict(self, X: FaithfulArray, names: Unknown, meta: dict[str, int] | None = None) -> None: ...

    def route(self, X, names): ...  # type: ignore[no-untyped-def]


def test_annotations_are_evaluated_where_their_names_exist() -> None:
    assert list(annotations_of(Model().predict)) == [FaithfulArray, "Unknown", dict[str, int] | None]


def test_arguments_without_annotations_have_none() -> None:
    assert list(annotations_of(Model().route)) == []


@pytest.mark.parametrize("function", [np.add, dict.update, print])
def test_a_function_without_annotations_is_no_failure(function: Any) -> None:
    assert list(annotations_of(function)) == []
