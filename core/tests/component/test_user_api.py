"""What user classes may import."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError
from functools import cached_property
from typing import Any

import pytest

from seldon_runtime import Component, Response, SeldonNotImplementedError, method
from seldon_runtime.inference.method import USER_METHODS

METHODS = [name for name in vars(Component) if not name.startswith("_")]


def test_load_of_the_base_class_does_nothing_so_that_what_follows_runs() -> None:
    class Model(Component):
        def load(self) -> None:
            super().load()
            self.answer = 42

    model = Model()
    model.load()
    assert model.answer == 42


@pytest.mark.parametrize("name", [name for name in METHODS if name != "load"])
def test_a_method_that_is_not_overridden_says_so(name: str) -> None:
    method = getattr(Component(), name)
    with pytest.raises(SeldonNotImplementedError):
        method(*(None for _ in inspect.signature(method).parameters))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_explained(name: str) -> None:
    assert getattr(Component, name).__doc__


def test_the_base_class_has_every_method_that_can_be_called() -> None:
    assert {method.value for method in USER_METHODS} <= set(METHODS)


def test_a_response_is_data_with_tags_and_metrics() -> None:
    response = Response([1], {"a": 1})
    assert (response.data, response.tags, response.metrics) == ([1], {"a": 1}, None)
    with pytest.raises(FrozenInstanceError):
        response.data = [2]  # type: ignore[misc]


def test_a_method_of_another_name_has_both_names() -> None:
    class Scorer:
        @method("predict")
        def score_customers(self, X: object) -> object:
            return X

    class Derived(Scorer):
        pass

    assert Scorer().score_customers(1) == 1
    assert Scorer.predict is Scorer.score_customers  # type: ignore[attr-defined]
    assert Derived().predict(2) == 2  # type: ignore[attr-defined]


def test_a_subclass_overrides_both_names_of_a_method() -> None:
    class Scorer:
        @method("predict")
        def score_it(self, X: int) -> int:
            return X

    class Twice(Scorer):
        def score_it(self, X: int) -> int:
            return 2 * super().score_it(X)

    class Own(Twice):
        def predict(self, X: int) -> int:
            return -super().predict(X)  # type: ignore[misc]

    assert Twice().predict(3) == 6  # type: ignore[attr-defined]
    assert (Own().predict(3), Own().score_it(3)) == (-6, 6)


def test_a_method_may_serve_under_several_names() -> None:
    class Scorer:
        @method("predict")
        @method("transform_input")
        @method("transform_output")
        @staticmethod
        def same(X: object) -> object:
            return X

    scorer: Any = Scorer()
    assert [scorer.predict(1), scorer.transform_input(2), scorer.transform_output(3), scorer.same(4)] == [
        *(1, 2, 3, 4)
    ]


def test_a_function_that_learns_its_name_still_learns_it() -> None:
    class Scorer:
        @method("tags")
        @cached_property
        def labels(self) -> dict[str, int]:
            return {"a": 1}

    assert Scorer().tags == {"a": 1}  # type: ignore[attr-defined]


def test_a_name_that_the_runtime_does_not_call_is_refused() -> None:
    with pytest.raises(ValueError, match="'predicts' is not a method that the runtime calls"):
        method("predicts")


def own_and_named() -> type:
    class Scorer:
        def predict(self, X: object) -> object:
            return X

        @method("predict")
        def other(self, X: object) -> object:
            return X

    return Scorer


def two_named() -> type:
    class Scorer:
        @method("predict")
        def first(self, X: object) -> object:
            return X

        @method("predict")
        def other(self, X: object) -> object:
            return X

    return Scorer


@pytest.mark.parametrize(("make", "first"), [(own_and_named, "predict"), (two_named, "first")])
def test_two_methods_for_one_name_are_refused(make: Any, first: str) -> None:
    with pytest.raises((TypeError, RuntimeError)) as caught:
        make()
    error = caught.value if isinstance(caught.value, TypeError) else caught.value.__cause__
    assert f"Scorer has two methods for predict: {first} and other" in str(error)


def test_a_decorator_without_a_name_tells_how_to_write_it() -> None:
    with pytest.raises(TypeError, match=r'lacks the name of the method, expected @method\("predict"\)'):

        @method  # type: ignore[arg-type]
        def predict(self: object, X: object) -> object:
            return X
