"""From a class to an instance: its parameters are checked before its constructor runs."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime.component.loading import create
from seldon_runtime.errors import StartupError


class Strict:
    def __init__(self, path: str, rate: float = 0.5, *, debug: bool = False) -> None:
        self.given = (path, rate, debug)


class Open:
    def __init__(self, needed: int, **others: Any) -> None:
        self.given = (needed, others)


class Bare:
    pass


def test_parameters_go_to_the_constructor_by_name() -> None:
    assert create(Strict, {"path": "p", "debug": True}).given == ("p", 0.5, True)  # type: ignore[attr-defined]
    assert create(Open, {"needed": 1, "x": 2}).given == (1, {"x": 2})  # type: ignore[attr-defined]
    assert isinstance(create(Bare, {}), Bare)


def test_a_constructor_without_a_signature_checks_for_itself() -> None:
    assert create(dict, {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("cls", "parameters", "message"),
    [
        (
            Strict,
            {"path": "p", "rat": 1},
            "Strict has no parameter 'rat'; accepted: path, rate, debug. Did you mean rate?",
        ),
        (Bare, {"x": 1}, "Bare has no parameter 'x'; it accepts none"),
        (
            Open,
            {"x": 1},
            "Open needs the parameter 'needed', which is not set; accepted: needed. "
            "Set it in PREDICTIVE_UNIT_PARAMETERS or --parameters, or give it a default",
        ),
    ],
)
def test_parameters_are_compared_with_the_constructor_before_it_runs(
    cls: type, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(StartupError) as caught:
        create(cls, parameters)
    assert str(caught.value) == message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("error", [ValueError("no model file"), TypeError("inside"), SystemExit(2)])
def test_a_constructor_that_raises_stops_the_start_with_its_exception(error: BaseException) -> None:
    class Raises:
        def __init__(self) -> None:
            raise error

    with pytest.raises(StartupError, match="the constructor of Raises failed: ") as caught:
        create(Raises, {})
    assert caught.value.__cause__ is error
    assert str(error) in str(caught.value)
