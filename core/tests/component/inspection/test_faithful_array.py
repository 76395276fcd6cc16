"""The type hint for faithful arrays, as users import it."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from numpy.typing import NDArray

import seldon_runtime
from seldon_runtime.component.inspection.faithful_array import FAITHFUL, FaithfulArray


def test_it_is_a_public_name() -> None:
    assert seldon_runtime.FaithfulArray is FaithfulArray
    assert "FaithfulArray" in seldon_runtime.__all__


def test_it_is_an_array_for_type_checkers() -> None:
    def predict(X: FaithfulArray) -> FaithfulArray:
        return X

    assert get_type_hints(predict)["X"] == NDArray[Any]
    assert get_args(FaithfulArray) == (NDArray[Any], FAITHFUL)
