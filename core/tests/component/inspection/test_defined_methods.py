"""The check of a class's methods at the start."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from functools import partial, wraps
from typing import Any

import pytest

from seldon_runtime import Component, method
from seldon_runtime.component.inspection.defined_methods import (
    check_names,
    has_async,
    refuse_unsupported,
    streamed_methods,
)
from seldon_runtime.component.user_object import UserObject
from seldon_runtime.errors import StartupError
from seldon_runtime.inference.method import Method


def predict(self: Any, X: Any, names: Any) -> Any:
    return X


def other(self: Any) -> None: ...


def made(*bases: type, **members: Any) -> UserObject:
    return UserObject(type("Churn", bases, members)())


def wraps_of(function: Any) -> Any:
    return wraps(function)(lambda self, X: function(self, X))


def refusal(user: UserObject) -> str:
    with pytest.raises(StartupError) as caught:
        check_names(user)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("predct", "predict"),
        ("Predict", "predict"),
        ("transformInput", "transform_input"),
        ("agregate", "aggregate"),
        ("send_feedbak", "send_feedback"),
        ("routes", "route"),
    ],
)
@pytest.mark.parametrize("bases", [(), (Component,)], ids=["no base", "the runtime's base"])
def test_a_class_with_a_misspelt_method_only_is_refused(name: str, meant: str, bases: Any) -> None:
    message = refusal(made(*bases, **{name: predict}))
    assert f"Churn defines {name}, but none of the methods that the runtime calls" in message
    assert f"Did you mean {meant}?" in message
    assert "SELDON_STRICT_METHODS=0" in message


def test_a_class_with_other_methods_only_is_refused_with_the_known_ones() -> None:
    message = refusal(made(run=other, load=other, tags=other))
    assert "Churn defines run, but none" in message
    assert "known: predict, transform_input," in message


@pytest.mark.parametrize(
    "user",
    [
        made(),
        made(Component),
        made(_private=other),
        made(load=other),
        made(Component, init_metadata=other),
        made(helper=5, Inner=int),
    ],
)
def test_a_class_without_methods_of_its_own_may_start_as_it_always_did(user: UserObject) -> None:
    check_names(user)


@pytest.mark.parametrize(
    "members",
    [
        {"predict": predict},
        {"predict_raw": other},
        {"predict_rest": other},
        {"transform_output_grpc": other},
        {"score": predict},
        {"health_status": other},
        {"predict": staticmethod(len)},
        {"__getattr__": lambda self, name: len},
    ],
)
def test_any_form_of_any_method_will_do(members: Any, caplog: pytest.LogCaptureFixture) -> None:
    check_names(made(run=other, **members))
    check_names(made(type("Base", (), members), run=other))
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"predict": 5}, "Churn.predict is int, expected a method. SELDON_STRICT_METHODS=0"),
        ({"predict": None}, "Churn.predict is None, expected a method"),
        ({"predict_raw": "x", "load": other}, "Churn.predict_raw is str, expected a method"),
        ({"__call__": predict}, "Churn defines __call__, but none .* Did you mean predict?"),
        ({"_predict": predict}, "Churn defines _predict, but none .* Did you mean predict?"),
        ({"_Churn__predict": predict}, "Churn defines __predict, but none .* Did you mean predict?"),
        ({"_transform_input": staticmethod(len)}, "Did you mean transform_input?"),
    ],
)
@pytest.mark.parametrize("bases", [(), (Component,)], ids=["no base", "the runtime's base"])
def test_a_class_with_something_like_a_method_only_is_refused(members: Any, words: str, bases: Any) -> None:
    assert re.search(words, refusal(made(*bases, **members)))
    check_names(made(*bases, aggregate=other, **members))


def test_an_attribute_of_the_object_is_no_method() -> None:
    user = made(init_metadata=other)
    user.instance.predict = 5  # type: ignore[attr-defined]
    assert "Churn.predict is int, expected a method" in refusal(user)


def test_a_method_that_the_base_class_hides_is_refused_or_told(caplog: pytest.LogCaptureFixture) -> None:
    mixin = type("Mixin", (), {"predict": predict, "tags": other})
    assert refusal(made(Component, mixin)) == (
        "Churn.predict is the empty one of Component, which hides Mixin.predict. "
        "Write Component as the last base class. SELDON_STRICT_METHODS=0 starts it nevertheless"
    )
    check_names(made(mixin, Component))
    assert caplog.messages == []
    check_names(made(Component, mixin, predict=predict))
    assert caplog.messages == [
        "Churn.tags is the empty one of Component, which hides Mixin.tags. "
        "Write Component as the last base class"
    ]


@pytest.mark.parametrize("cover", [staticmethod, classmethod, property, wraps_of])
def test_a_named_method_below_another_decorator_is_refused(cover: Any) -> None:
    with pytest.raises(StartupError, match=r'Churn.score_it: @method\("predict"\) has no effect'):
        refuse_unsupported(made(score_it=cover(method("predict")(predict))))


def test_a_method_that_the_load_set_will_do() -> None:
    user = made(run=other)
    user.instance.predict = len  # type: ignore[attr-defined]
    check_names(user)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("transform_inputs", "transform_input"),
        ("metric", "metrics"),
        ("lod", "load"),
        ("route_rw", "route_raw"),
    ],
)
def test_a_name_close_to_a_method_that_is_missing_gets_a_warning(
    name: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    check_names(made(predict=predict, **{name: other}))
    assert caplog.messages == [f"Churn has a method {name}, which is never called. Did you mean {meant}?"]


@pytest.mark.parametrize("name", ["predict_proba", "predicts", "fit", "reload", "predict_row", "transform"])
def test_helpers_get_no_warning(name: str, caplog: pytest.LogCaptureFixture) -> None:
    check_names(made(predict=predict, **{name: other}))
    assert caplog.messages == []


def test_tags_and_metrics_of_another_type_are_told(caplog: pytest.LogCaptureFixture) -> None:
    check_names(made(predict=predict, tags=5, metrics={"a": 1}))
    assert caplog.messages == [
        "Churn.tags is int, expected a method or a dict: it is ignored",
        "Churn.metrics is dict, expected a method or a list of metrics: it is ignored",
    ]
    caplog.clear()
    check_names(made(predict=predict, tags={"a": 1}, metrics=[]))
    assert caplog.messages == []


async def coroutine(self: Any, *arguments: Any) -> None: ...


def generator(self: Any, *arguments: Any) -> Iterator[int]:
    yield 1


async def stream(self: Any, *arguments: Any) -> AsyncIterator[int]:
    yield 1


class Callable:
    async def __call__(self) -> None: ...


@wraps(coroutine)
def wrapped(self: Any, *arguments: Any) -> Any:
    return coroutine(self, *arguments)


ASYNC = {
    "coroutine": coroutine,
    "static": staticmethod(coroutine),
    "partial": staticmethod(partial(coroutine, None)),
    "object": Callable(),
    "wrapped": wrapped,
}


@pytest.mark.parametrize("kind", ASYNC)
@pytest.mark.parametrize("name", ["tags", "metrics", "class_names", "init_metadata"])
def test_an_async_method_whose_result_is_needed_at_once_is_refused(name: str, kind: str) -> None:
    with pytest.raises(StartupError, match=f"Churn.{name} is an async method.*Define it with def"):
        refuse_unsupported(made(**{name: ASYNC[kind]}))


@pytest.mark.parametrize("kind", ASYNC)
@pytest.mark.parametrize("name", ["predict", "predict_raw", "aggregate", "score", "infer", "load"])
def test_an_async_method_is_found_in_any_form(name: str, kind: str) -> None:
    user = made(**{name: ASYNC[kind]})
    refuse_unsupported(user)
    assert has_async(user)
    assert not has_async(made(predict=predict, fetch=coroutine))


@pytest.mark.parametrize("function", [generator, stream])
@pytest.mark.parametrize("name", ["route", "score", "health_status", "predict_raw", "load", "tags"])
def test_a_generator_is_refused_for_a_method_with_one_answer(name: str, function: Any) -> None:
    with pytest.raises(StartupError, match=f"Churn.{name} is a generator.*may be aggregate, infer"):
        refuse_unsupported(made(**{name: function}))


@pytest.mark.parametrize("name", ["predict", "infer", "aggregate", "transform_input"])
def test_a_generator_may_answer_with_a_stream(name: str) -> None:
    refuse_unsupported(made(**{name: generator}))
    assert not has_async(made(**{name: generator}))
    assert has_async(made(**{name: stream}))


def test_other_async_methods_are_the_users_own() -> None:
    refuse_unsupported(made(predict=predict, fetch=coroutine, rows=generator))


def test_generators_are_the_methods_that_stream() -> None:
    def yields(self: Any, X: Any) -> Iterator[Any]:
        yield X

    async def later(self: Any, X: Any) -> AsyncIterator[Any]:
        yield X

    user = made(predict=predict, transform_input=yields, aggregate=later)
    assert streamed_methods(user) == {Method.TRANSFORM_INPUT, Method.AGGREGATE}
    assert streamed_methods(made(predict=predict, infer=yields)) == {Method.PREDICT}
    assert streamed_methods(made(predict=yields, infer=predict)) == frozenset()
