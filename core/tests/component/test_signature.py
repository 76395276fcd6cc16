"""Methods get the arguments they take, found out once, and are never called a second time to find out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.signature import adapt, fits_without_arguments
from seldon_runtime.errors import StartupError

PREDICT = (("X", "features_names"), "meta")
FEEDBACK = (("features", "features_names", "reward", "truth"), "routing")


def called(function: Callable[..., Any]) -> Any:
    """What comes of ``predict`` called with X, features_names and meta."""
    return adapt(function, *PREDICT)("x", ["n"], {"m": 1})


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        return ("decorated", function(*arguments, **keywords))

    return wrapper


def narrowed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method with a wrapper that takes less than the method, whose signature it shows."""

    @functools.wraps(function)
    def wrapper(self: Any, X: Any) -> Any:
        return function(self, X, "none")

    return wrapper


class Shapes:
    def all(self, X, features_names, meta=None):  # type: ignore[no-untyped-def]
        return X, features_names, meta

    def meta_required(self, X, names, meta):  # type: ignore[no-untyped-def]
        return X, names, meta

    def no_meta(self, X, features_names):  # type: ignore[no-untyped-def]
        return X, features_names

    def only_x(self, X):  # type: ignore[no-untyped-def]
        return X

    def nothing(self):  # type: ignore[no-untyped-def]
        return "nothing"

    def other_words(self, data, columns):  # type: ignore[no-untyped-def]
        return data, columns

    def defaults(self, X, features_names=None, threshold=0.5):  # type: ignore[no-untyped-def]
        return X, features_names, threshold

    def positional_only(self, X, features_names, /):  # type: ignore[no-untyped-def]
        return X, features_names

    def keywords(self, X, features_names, **kwargs):  # type: ignore[no-untyped-def]
        return X, features_names, kwargs

    def only_keywords(self, **kwargs):  # type: ignore[no-untyped-def]
        return kwargs

    def star(self, *args):  # type: ignore[no-untyped-def]
        return args

    def star_and_meta(self, X, *args, meta=None):  # type: ignore[no-untyped-def]
        return X, args, meta

    def meta_then_star(self, X, names, meta, *args):  # type: ignore[no-untyped-def]
        return X, names, meta, args

    def keyword_only(self, X, *, meta, scale=1):  # type: ignore[no-untyped-def]
        return X, meta, scale

    def names_by_keyword(self, X, *, features_names=None, scale=1):  # type: ignore[no-untyped-def]
        return X, features_names, scale

    def all_by_keyword(self, *, X=None, features_names=None, meta=None):  # type: ignore[no-untyped-def]
        return X, features_names, meta

    def meta_in_between(self, X, meta=None, features_names="unset"):  # type: ignore[no-untyped-def]
        return X, meta, features_names

    @staticmethod
    def static(X, names, meta=None):  # type: ignore[no-untyped-def]
        return X, names, meta

    @classmethod
    def of_class(cls, X, names):  # type: ignore[no-untyped-def]
        return cls.__name__, X, names

    @decorated
    def wrapped(self, X, names):  # type: ignore[no-untyped-def]
        return X, names

    @narrowed
    def narrow(self, X, names):  # type: ignore[no-untyped-def]
        return X, names

    @decorated
    @narrowed
    def narrow_behind_another(self, X, names):  # type: ignore[no-untyped-def]
        return X, names

    @functools.lru_cache  # noqa: B019
    def cached(self, X):  # type: ignore[no-untyped-def]
        return X

    by_lambda = lambda self, X: X  # noqa: E731

    partly = functools.partialmethod(all, features_names="fixed")


M = {"m": 1}
N = ["n"]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("all", ("x", N, M)),
        ("meta_required", ("x", N, M)),
        ("no_meta", ("x", N)),
        ("only_x", "x"),
        ("nothing", "nothing"),
        ("other_words", ("x", N)),
        ("defaults", ("x", N, 0.5)),
        ("positional_only", ("x", N)),
        ("keywords", ("x", N, {"meta": M})),
        ("only_keywords", {"meta": M}),
        ("star", ("x", N)),
        ("star_and_meta", ("x", (N,), M)),
        ("meta_then_star", ("x", N, M, ())),
        ("keyword_only", ("x", M, 1)),
        ("names_by_keyword", ("x", N, 1)),
        ("all_by_keyword", ("x", N, M)),
        ("meta_in_between", ("x", M, N)),
        ("static", ("x", N, M)),
        ("of_class", ("Shapes", "x", N)),
        ("wrapped", ("decorated", ("x", N))),
        ("narrow", ("x", "none")),
        ("narrow_behind_another", ("decorated", ("x", "none"))),
        ("cached", "x"),
        ("by_lambda", "x"),
        ("partly", ("x", "fixed", M)),
    ],
)
def test_a_method_gets_what_it_takes(name: str, result: Any) -> None:
    assert called(getattr(Shapes(), name)) == result


class Callable_:
    def __call__(self, X: Any, names: Any) -> Any:
        return X, names


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (lambda X, meta: (X, meta), ("x", M)),
        (lambda X, meta, names: (X, meta, names), ("x", M, N)),
        (functools.partial(lambda scale, X, names: (scale, X, names), 2), (2, "x", N)),
        (functools.partial(lambda X, meta=None: (X, meta), meta="own"), ("x", M)),
        (Callable_(), ("x", N)),
        (str.upper, "X"),
        (len, 1),
    ],
    ids=[
        "lambda",
        "meta in between",
        "partial",
        "partial with meta",
        "object",
        "method descriptor",
        "builtin",
    ],
)
def test_whatever_can_be_called_may_be_an_attribute(function: Callable[..., Any], result: Any) -> None:
    assert called(function) == result


def test_a_wrapper_gets_the_keyword_as_one_whatever_signature_it_shows() -> None:
    @functools.wraps(Shapes().all)
    def wrapper(X: Any, names: Any, *, meta: Any) -> Any:
        return "wrapper", X, names, meta

    assert called(wrapper) == ("wrapper", "x", N, M)


def test_a_builtin_without_a_signature_gets_what_the_protocol_says() -> None:
    assert adapt(max, *PREDICT)(3, 5, M) == 5
    assert adapt(np.add, ("features_list", "names_list"))(1, 2) == 3


def test_without_a_keyword_nothing_more_is_passed() -> None:
    assert adapt(lambda a, b: (a, b), ("a", "b"))(1, 2) == (1, 2)
    assert adapt(lambda a: a, ("a", "b"))(1, 2) == 1
    assert adapt(lambda: "well", ())() == "well"


def test_feedback_may_leave_arguments_out_from_the_right() -> None:
    given = ([1], ["n"], 0.5, [2], 3)
    assert adapt(lambda features, names, reward, truth, routing=None: routing, *FEEDBACK)(*given) == 3
    assert adapt(lambda features, names, reward, truth: truth, *FEEDBACK)(*given) == [2]
    assert adapt(lambda features, names, reward: reward, *FEEDBACK)(*given) == 0.5
    assert adapt(lambda features, *, routing: (features, routing), *FEEDBACK)(*given) == ([1], 3)


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        (lambda X, names, threshold: None, "threshold"),
        (lambda X, names, meta, threshold: None, "threshold"),
        (lambda X, meta, names, threshold: None, "threshold"),
        (lambda X, *, threshold: None, "threshold"),
        (lambda X, names, meta, /: None, "meta"),
        (lambda X, meta, /: None, "meta"),
    ],
)
def test_an_argument_that_nobody_passes_stops_the_start(function: Callable[..., Any], argument: str) -> None:
    with pytest.raises(StartupError) as caught:
        adapt(function, *PREDICT)
    assert str(caught.value) == (
        f"{function.__qualname__} needs the argument {argument!r}, which is never passed; "
        f"it is called with (X, features_names). Give {argument!r} a default."
    )


@pytest.mark.parametrize("shape", ["meta", "**kwargs", "plain", "fewer"])
def test_a_type_error_from_inside_is_not_a_reason_to_call_again(shape: str) -> None:
    calls: list[str] = []

    def fail() -> None:
        calls.append(shape)
        raise TypeError("predict() got an unexpected keyword argument 'meta'")

    function: dict[str, Callable[..., None]] = {
        "meta": lambda X, names, meta=None: fail(),
        "**kwargs": lambda X, names, **kwargs: fail(),
        "plain": lambda X, names: fail(),
        "fewer": lambda X: fail(),
    }
    with pytest.raises(TypeError, match="unexpected keyword"):
        called(function[shape])
    assert calls == [shape]


def test_what_was_adapted_keeps_its_name_for_the_log() -> None:
    assert adapt(Shapes().all, *PREDICT).__qualname__ == "Shapes.all"
    assert adapt(Shapes().only_x, *PREDICT).__qualname__ == "Shapes.only_x"
    assert adapt(functools.partial(Shapes().only_x), *PREDICT).__qualname__ == "partial"
    assert adapt(Callable_(), *PREDICT).__qualname__ == "Callable_"


def test_annotations_need_not_name_anything_that_exists() -> None:
    def predict(X: NoSuchType, names: AnotherOne, meta: Missing = None) -> Gone:  # type: ignore[name-defined] # noqa: F821
        return X, names, meta

    assert called(predict) == ("x", N, M)


class Early:
    """Methods whose keyword stands before other arguments, or that take these by keyword only."""

    def old(self, features, feature_names, routing, reward, truth):  # type: ignore[no-untyped-def]
        return features, feature_names, routing, reward, truth

    def truth_first(self, features, feature_names, routing, truth, reward):  # type: ignore[no-untyped-def]
        return features, feature_names, routing, reward, truth

    def others(self, features, feature_names, routing, r, t):  # type: ignore[no-untyped-def]
        return features, feature_names, routing, r, t

    def fewer(self, features, routing, reward):  # type: ignore[no-untyped-def]
        return features, None, routing, reward, None

    def optional(self, features, feature_names, routing=None, reward=0, truth=None):  # type: ignore[no-untyped-def]
        return features, feature_names, routing, reward, truth

    def by_keyword(self, features, feature_names, *, truth, reward, routing=None):  # type: ignore[no-untyped-def]
        return features, feature_names, routing, reward, truth


@pytest.mark.parametrize("name", ["old", "truth_first", "others", "optional", "by_keyword"])
def test_arguments_behind_the_keyword_are_filled_by_their_names_or_in_their_order(name: str) -> None:
    method = adapt(getattr(Early(), name), *FEEDBACK)
    assert method("f", ["n"], 0.5, "t", 1) == ("f", ["n"], 1, 0.5, "t")


def test_arguments_that_a_method_leaves_out_are_not_passed() -> None:
    assert adapt(Early().fewer, *FEEDBACK)("f", ["n"], 0.5, "t", 1) == ("f", None, 1, 0.5, None)


def test_a_default_behind_the_keyword_stays_unless_it_has_a_name_of_the_protocol() -> None:
    def predict(X, meta=None, scale=2):  # type: ignore[no-untyped-def]
        return X, meta, scale

    assert called(predict) == ("x", {"m": 1}, 2)


@pytest.mark.parametrize(
    ("function", "fits"),
    [
        (lambda: 0, True),
        (lambda a=1, *b, c=2, **d: 0, True),
        (lambda a: 0, False),
        (lambda *, a: 0, False),
        (dict, True),
    ],
)
def test_a_function_fits_without_arguments_or_does_not(function: Callable[..., Any], fits: bool) -> None:
    assert fits_without_arguments(function) is fits
