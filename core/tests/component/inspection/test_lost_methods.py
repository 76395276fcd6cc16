"""The search for methods that a class seems to define; :mod:`test_defined_methods` has their refusals."""

from __future__ import annotations

from typing import Any

from seldon_runtime import Component
from seldon_runtime.component.inspection.lost_methods import (
    hidden_methods,
    private_methods,
    refuse_covered_names,
    values_for_methods,
)
from seldon_runtime.component.user_object import UserObject


class Whole(Component):
    """A class with nothing to tell."""

    limit = None

    def __init__(self) -> None:
        self._cache: dict[str, Any] = {}

    def __len__(self) -> int:
        return 1

    def predict(self, X: Any, features_names: Any, meta: Any = None) -> Any:
        return X


def test_a_whole_class_has_lost_nothing() -> None:
    user = UserObject(Whole())
    refuse_covered_names(user)
    assert list(hidden_methods(user, {"predict", "load"})) == []
    assert list(values_for_methods(user, {"predict", "route"})) == []
    assert list(private_methods(user)) == []


def test_private_methods_are_found_with_their_plain_names() -> None:
    class _Base:
        def __predict(self) -> None: ...
        def _route_(self) -> None: ...
        def __call__(self) -> None: ...

    found = list(private_methods(UserObject(type("Churn", (_Base,), {})())))
    assert found == [("__predict", "predict"), ("_route_", "route"), ("__call__", "predict")]
