"""The place of a value in a request, as errors name it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.hints.places import guarded, place_of
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.message import ARRAYS, Kind, Payload


def inputs(**arrays: Any) -> Payload:
    return Payload(ARRAYS, {name: np.asarray(array) for name, array in arrays.items()}, [])


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (Payload(Kind.TENSOR, np.ones(2)), "data.tensor"),
        (Payload(Kind.JSON, {}), "jsonData"),
        (inputs(a=[1], b=[2]), "inputs"),
        (as_single(inputs(a=[1], b=[2])), "inputs"),
        (as_single(inputs(a=[1])), "input 'a'"),
    ],
)
def test_a_place_has_the_words_of_the_clients_protocol(payload: Payload, place: str) -> None:
    assert place_of(payload) == place


def test_an_exception_of_a_library_names_the_input() -> None:
    def fail(payload: Payload) -> Any:
        raise ValueError("too short")

    with pytest.raises(SeldonError, match=r"^input 'a' cannot become a picture: too short$"):
        guarded(fail, "a picture")(inputs(a=[1]))
