"""Examples for a component that has no metadata, from its model."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime.plugin import embedded_service
from seldon_runtime_rest.openapi.inferred import described_inputs, inputs_of


class Estimator:
    """Has what a fitted estimator has."""

    def __init__(self, **fitted: Any) -> None:
        vars(self).update(fitted)

    def predict(self, X: Any) -> Any:
        return X


class Unfitted(Estimator):
    @property
    def n_features_in_(self) -> int:
        raise AttributeError("not fitted")


class Booster(Estimator):
    def num_features(self) -> int:
        return 3


class Model:
    def __init__(self, *models: Any) -> None:
        self.path = "model.joblib"
        for number, model in enumerate(models):
            setattr(self, f"model{number}", model)

    def predict(self, X: Any, names: Any) -> Any:
        return X


def shapes(user: Any) -> list[Any]:
    return [(item["messagetype"], item["schema"]) for item in inputs_of(user)]


def test_the_columns_are_those_of_the_model() -> None:
    both = [("ndarray", {"shape": [4]}), ("tensor", {"shape": [4]})]
    assert shapes(Model(Estimator(n_features_in_=4))) == both
    assert shapes(Estimator(n_features_in_=4)) == both
    assert shapes(Model(Unfitted(), Estimator(n_features_in_=4))) == both


def test_names_of_the_columns_are_used() -> None:
    named = {"names": ["age", "income"]}
    user = Model(Estimator(n_features_in_=2, feature_names_in_=["age", "income"]))
    assert shapes(user) == [("ndarray", named), ("tensor", named)]


def test_the_names_of_the_component_are_used() -> None:
    class Named(Model):
        feature_names = ("age", "income")

        def predict(self, X: Any, features_names: Any) -> Any:
            return X

    assert shapes(Named()) == [(kind, {"names": ["age", "income"]}) for kind in ("ndarray", "tensor")]


def test_a_booster_tells_by_a_function() -> None:
    assert shapes(Model(Booster()))[0] == ("ndarray", {"shape": [3]})


@pytest.mark.parametrize(
    "user",
    [None, Model(), Model(object()), Model(Unfitted()), Model(Estimator(n_features_in_="4")), object()],
)
def test_without_a_model_that_tells_nothing_is_inferred(user: Any) -> None:
    assert inputs_of(user) == []


def test_the_metadata_come_before_the_model() -> None:
    class Described(Model):
        def __init__(self, inputs: Any) -> None:
            super().__init__(Booster())
            self.inputs = inputs

        def init_metadata(self) -> Any:
            return {"inputs": self.inputs}

    (found,) = described_inputs(embedded_service(Described([{"messagetype": "strData"}])))
    assert found["messagetype"] == "strData"
    for untold in ([], "invalid"):
        user = Described(untold)
        assert described_inputs(embedded_service(user)) == inputs_of(user) != []
