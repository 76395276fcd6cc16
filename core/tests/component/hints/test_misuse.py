"""Hints that are not types: they have no effect, and the log says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.limits import Limits


@pytest.mark.parametrize(
    ("hint", "reason"),
    [
        (np.array, "it is a function, expected a type such as np.ndarray"),
        (any, "it is a function, expected a type such as np.ndarray"),
        (np, "it is a module, expected a type such as np.ndarray"),
        (dict[int], "it has 1 part, expected dict[key, value]"),  # type: ignore[type-arg]
        (dict[str, int, float], "it has 3 parts, expected dict[key, value]"),  # type: ignore[type-arg]
        (list[int, str], "it has 2 parts, expected list[item]"),  # type: ignore[type-arg]
        ("np.ndarry", "a name in it is not known where the method stands"),
    ],
    ids=str,
)
def test_a_hint_that_is_not_a_type_has_no_effect_and_is_told_once(
    hint: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Model:
        def predict(self, X: Any, features_names: Any) -> Any:
            return X

    Model.predict.__annotations__.update({"X": hint, "return": hint})
    component = ComponentAdapter(Model(), hints=Hints(Limits()))
    component.load()
    assert (component.metadata()["inputs"], component.metadata()["outputs"]) == ([], [])
    (record,) = caplog.records
    assert f"has no effect: {reason}" in record.getMessage()


def test_a_hint_that_is_not_a_type_within_another_has_no_effect() -> None:
    class Model:
        def predict(self, X: Any) -> Any:
            return X

        def aggregate(self, features_list: Any) -> Any:
            return features_list

    Model.predict.__annotations__["X"] = dict[int] | None  # type: ignore[type-arg]
    Model.aggregate.__annotations__["features_list"] = list[dict[int]]  # type: ignore[type-arg]
    for service_type in (ServiceType.MODEL, ServiceType.COMBINER):
        component = ComponentAdapter(Model(), service_type=service_type, hints=Hints(Limits()))
        component.load()
        assert component.metadata()
