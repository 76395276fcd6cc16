"""The same array by every protocol and form reaches the component the same, and comes back the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing.served import run_call
from seldon_runtime_grpc.calls import GrpcCodec
from seldon_runtime_grpc.messages import SeldonMessage

from .v2_ways import LIMITS, V2, WAYS, Array, Way


class Identity:
    def predict(self, X: Any, features_names: Any) -> Any:
        self.seen = X
        return X


USER = Identity()
ADAPTER = ComponentAdapter(USER)


def _answer(wire: bytes, codec: Any) -> Any:
    return run_call(ADAPTER, Call(Method.PREDICT, wire, codec, "test"))


SERVED = V2(ComponentService(Unit(ADAPTER, Executor(), user=USER)), _answer)


def by_v1(array: Array) -> Array:
    message = SeldonMessage()
    message.data.tensor.shape.extend(array.shape)
    message.data.tensor.values.extend(array.reshape(-1).astype(np.float64))
    tensor = SeldonMessage.FromString(_answer(message.SerializeToString(), GrpcCodec(LIMITS))).data.tensor
    return np.array(tensor.values).reshape(tensor.shape)


DTYPES = [f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)] + ["f4", "f8", "?"]


def _arrays(dtype: str) -> Any:
    elements: Any = None
    if dtype[0] == "f":
        elements = st.floats(width=int(dtype[1]) * 8, allow_infinity=False)  # type: ignore[arg-type]
    return npst.arrays(dtype, npst.array_shapes(max_dims=3, max_side=40), elements=elements)


def assert_comes_back(way: Way, array: Array) -> None:
    (returned,) = way(SERVED, {"x": array}).values()
    assert_seen_and_returned(array, returned)


def assert_seen_and_returned(array: Array, returned: Array) -> None:
    assert returned.shape == array.shape
    assert USER.seen.dtype == array.dtype
    np.testing.assert_array_equal(USER.seen, array)
    np.testing.assert_array_equal(returned, array)


@pytest.mark.parametrize("way", WAYS)
@given(st.sampled_from(DTYPES).flatmap(_arrays))
@example(np.arange(-2000, 2000).reshape(2, -1))
@example(np.array([2**64 - 1, 2**63, 0], "u8"))
@example(np.linspace(-1, 1, 3000, dtype="f4"))
def test_every_form_of_v2_carries_the_values_and_their_type(way: Way, array: Array) -> None:
    assert_comes_back(way, array)


@given(_arrays("f8"))
def test_floats_are_the_same_by_v1_and_by_every_form_of_v2(array: Array) -> None:
    assert_seen_and_returned(array, by_v1(array))
    for way in WAYS:
        assert_comes_back(way, array)
