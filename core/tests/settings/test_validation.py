"""Messages of validation: the place, the value and what was expected, but no secret."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Any, Literal

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from seldon_runtime.settings.validation import Invalid, validated


class Inner(Struct, forbid_unknown_fields=True):
    kind: Literal["a", "b"] = "a"
    sizes: list[Annotated[int, Meta(ge=1)]] | UnsetType = UNSET


class Outer(Struct):
    name: str
    inner: Inner | None = None
    pair: tuple[float, float] = (0, 1)
    flag: bool = False
    names: dict[str, str] = {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (5, "it is 5, expected a mapping with name, inner, pair, flag, names"),
        ({}, "it has no 'name', expected name, inner, pair, flag, names"),
        ({"name": 5}, "it.name is 5, expected text"),
        ({"name": "x" * 100}, None),
        ({"name": "n", "inner": []}, "it.inner is [], expected a mapping with kind, sizes"),
        ({"name": "n", "inner": {"x": 1}}, "it.inner has a key 'x', expected only kind, sizes"),
        ({"name": "n", "inner": {"kind": "c"}}, "it.inner.kind is 'c', expected one of a, b"),
        ({"name": "n", "inner": {"sizes": 1}}, "it.inner.sizes is 1, expected a list"),
        ({"name": "n", "inner": {"sizes": [1, 0]}}, "it.inner.sizes[1] is 0, expected a whole number >= 1"),
        ({"name": "n", "pair": [1]}, "it.pair is [1], expected a list of 2"),
        ({"name": "n", "pair": [1, "x"]}, "it.pair[1] is 'x', expected a number"),
        ({"name": "n", "flag": "yes"}, "it.flag is 'yes', expected true or false"),
        ({"name": "n", "names": {"a": 1}}, "it.names is {'a': 1}, expected a mapping of text to text"),
        ({"name": "n", "names": {1: "a"}}, "it is {'name': 'n', 'names': {1: 'a'}}, expected a mapping with"),
    ],
)
def test_the_message_tells_place_value_and_expectation(given: Any, message: str | None) -> None:
    if message is None:
        assert validated(given, Outer, "it").name == given["name"]
        return
    with pytest.raises(Invalid) as caught:
        validated(given, Outer, "it")
    assert str(caught.value).startswith(message)
    assert caught.value.__cause__ is None


def test_long_values_are_cut() -> None:
    with pytest.raises(Invalid) as caught:
        validated({"name": ["x" * 10_000]}, Outer, "it")
    assert len(str(caught.value)) < 200


def test_words_and_the_showing_of_values_can_be_replaced() -> None:
    with pytest.raises(Invalid, match=r"^it is secret, expected an object with name,"):
        validated("hunter2", Outer, "it", words={dict: "an object"}, shown=lambda value: "secret")


def test_msgspec_is_imported_only_when_something_is_validated() -> None:
    modules = (
        "seldon_runtime.cli.main, seldon_runtime.component.metadata, seldon_runtime.component.parameters"
    )
    code = f"import sys, {modules}; print('msgspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
