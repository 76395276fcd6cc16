"""The boundary to user code: what is found there, and what its exceptions become."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from seldon_runtime import Component as Base
from seldon_runtime.component.user_object import UserObject, call_optional, call_user, name_of
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, SeldonNotImplementedError


class Model(Base):
    class_names = ("a",)  # type: ignore[assignment]

    def predict(self, X: Any, features_names: Any, meta: Any = None) -> Any:
        return X

    @property
    def tags(self) -> Any:
        raise ValueError("not loaded yet")

    @property
    def metrics(self) -> Any:
        raise AttributeError("not there")

    def __repr__(self) -> str:
        raise RuntimeError("repr was asked")


def test_what_the_base_class_only_documents_counts_as_absent() -> None:
    found = UserObject(Model())
    assert found.attribute("class_names") == ("a",)
    assert found.find("class_names") is None
    assert found.find("predict") is not None
    documented = [name for name in vars(Base) if not name.startswith("_") and name not in vars(Model)]
    assert "route" in documented
    assert [name for name in documented if found.attribute(name) is not None] == []


def test_any_class_will_do_and_attributes_of_the_instance_count() -> None:
    class Plain:
        def __init__(self) -> None:
            self.predict = lambda X: X

        route = 5

    found = UserObject(Plain())
    assert found.class_name == "Plain"
    assert found.find("predict") is not None
    assert found.find("route") is None
    assert found.find("aggregate") is None


def test_a_property_that_raises_is_the_components_failure() -> None:
    found = UserObject(Model())
    with pytest.raises(ComponentFailed, match="not loaded yet") as caught:
        found.attribute("tags")
    assert caught.value.where == "Model.tags"
    assert isinstance(caught.value.__cause__, ValueError)
    assert found.attribute("metrics") is None


class Odd(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class Rude(BaseException):
    pass


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("no"), "ValueError: no"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt ({})"),
        (StopIteration("over"), "StopIteration: over"),
        (GeneratorExit("closed"), "GeneratorExit: closed"),
        (Odd(), "Odd ({})"),
        (Rude("boo"), "Rude: boo"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_user_code_raises_is_the_components_failure(error: BaseException, message: str) -> None:
    def predict() -> None:
        raise error

    with pytest.raises(ComponentFailed) as caught:
        call_user(predict)
    place = f"test_user_object.py, line {predict.__code__.co_firstlineno + 1}"
    assert caught.value.message == message.format(place)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert caught.value.where.endswith("predict")
    assert caught.value.__cause__ is error


def test_an_error_that_user_code_chose_passes_as_it_is() -> None:
    error = SeldonError("gone", status_code=410)

    def predict() -> None:
        raise error

    with pytest.raises(SeldonError) as caught:
        call_user(predict)
    assert caught.value is error


def test_a_failing_method_is_named_without_asking_for_its_repr() -> None:
    def fail(model: Model) -> None:
        raise ValueError

    with pytest.raises(ComponentFailed) as caught:
        call_user(functools.partial(fail, Model()))
    assert caught.value.where == "partial"
    assert name_of(Model().predict) == "Model.predict"
    assert name_of(Model()) == "Model"


@pytest.mark.parametrize(
    ("function", "result"), [(None, None), (lambda: 5, 5), (lambda: None, None)], ids=["absent", "5", "None"]
)
def test_a_method_may_be_absent(function: Callable[[], Any] | None, result: Any) -> None:
    assert call_optional(function) == result


def test_a_method_may_say_that_it_is_absent() -> None:
    assert call_optional(Base().tags) is None
    with pytest.raises(SeldonNotImplementedError) as caught:
        call_user(Base().tags)
    assert caught.value.code is ErrorCode.NOT_IMPLEMENTED


async def answer_later() -> int:
    return 1


def answers() -> Iterator[int]:
    yield 1


async def stream() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "kind"),
    [(answer_later, "coroutine"), (answers, "generator"), (stream, "async generator")],
)
def test_a_result_that_is_not_finished_is_an_error_that_says_so(function: Any, kind: str) -> None:
    with pytest.raises(SeldonError, match=f"returned a {kind}, expected the result itself") as caught:
        call_optional(lambda: function())
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


def test_a_method_is_found_without_running_a_property() -> None:
    class Defined:
        def method(self) -> None:
            """Do nothing."""

        @property
        def property(self) -> None:
            raise RuntimeError("must not run")

        attribute = (1,)

    user = UserObject(Defined())
    found = {name for name in ("method", "property", "attribute", "absent") if user.has_method(name)}
    assert found == {"method"}
