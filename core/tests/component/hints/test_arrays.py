"""Numbers that a library's type cannot hold; the rest is in ``tests/parity/test_hinted_arguments.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.hints.arrays import as_type, library_array, torch_tensor
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import NDARRAY, TFTENSOR, Payload


class Narrow:
    """A library whose numbers have 32 bits, as those of JAX."""

    @staticmethod
    def asarray(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        with np.errstate(all="ignore"):
            return array.astype(f"{array.dtype.kind}4") if array.dtype.itemsize == 8 else array


@pytest.fixture
def convert(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("seldon_runtime.component.hints.arrays.import_module", lambda name: Narrow)
    return library_array("narrow", "asarray", Limits())


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1e300])
def test_a_number_that_the_library_would_alter_is_refused_with_its_place(convert: Any, value: float) -> None:
    with pytest.raises(
        SeldonError, match=r"^data\.ndarray\[1\] is .*, expected a .*number of type "
    ) as error:
        convert(Payload(NDARRAY, np.array([0, value]), []))
    assert error.value.code is ErrorCode.BAD_DATA


@pytest.mark.parametrize("values", [[1, 2], [2**31 - 1, -(2**31)], [0.1, np.inf], [True], [np.nan]])
def test_other_numbers_are_handed_on(convert: Any, values: list[float]) -> None:
    np.testing.assert_array_equal(
        convert(Payload(NDARRAY, np.array(values), [])), Narrow.asarray(np.array(values))
    )


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([2**63 + 1, 1], "uint64"),
        ([2**53 + 1, 1.0], "int64"),
        ([2**53 + 1, 1.5], "float64"),
        ([2**53 + 1, None], "float32"),
        ([True, False], "bool"),
        (["a", "bc"], "str"),
    ],
)
def test_objects_have_the_type_that_holds_each(values: list[Any], dtype: str) -> None:
    array = as_type(np.array(values, object), np.dtype(dtype), "data.ndarray")
    expected = np.array([np.nan if value is None else value for value in values], dtype)
    np.testing.assert_array_equal(array, expected, strict=True)


@pytest.mark.parametrize(
    ("values", "dtype", "message"),
    [
        ([1, 2**64], "int64", r"\[1\] is 18446744073709551616, expected a whole number of type int64"),
        ([2**63 + 1, -1], "uint64", r"\[1\] is -1, expected a whole number of type uint64"),
        ([2**53 + 1, 1.5], "int64", r"\[1\] is 1.5, expected a whole number"),
        ([1.5, 2**1024], "float64", r"\[1\] is 1797.*, expected a number of type float64"),
        ([None, 1e39], "float32", r"\[1\] is 1e\+39, expected a number of type float32"),
        ([1, True], "int64", r"\[1\] is True, expected a whole number"),
        ([True, None], "bool", r"\[1\] is None, expected true or false"),
        ([1.5, "x"], "float32", r"\[1\] is 'x', expected a number of type float32"),
        (["a", 1], "str", r"\[1\] is 1, expected a text"),
    ],
)
def test_the_object_that_a_type_cannot_hold_is_named(values: list[Any], dtype: str, message: str) -> None:
    with pytest.raises(SeldonError, match=message):
        as_type(np.array(values, object), np.dtype(dtype), "data.ndarray")


@pytest.mark.parametrize("value", [2**40, 1e300])
def test_jax_receives_no_other_numbers_than_were_sent(value: float) -> None:
    pytest.importorskip("jax")
    with pytest.raises(SeldonError, match=r"^data\.ndarray\[0\] is "):
        library_array("jax.numpy", "asarray", Limits())(Payload(NDARRAY, np.array([value]), []))


def test_floats_beyond_the_default_type_of_torch_are_refused() -> None:
    torch = pytest.importorskip("torch")
    make = torch_tensor(Limits())
    with pytest.raises(
        SeldonError, match=r"^data\.ndarray\[0\] is 1e\+300, expected a number of type float32"
    ):
        make(Payload(NDARRAY, np.array([1e300]), []))
    assert make(Payload(TFTENSOR, np.array([1e300]), [])).dtype == torch.float64
    assert make(Payload(NDARRAY, np.array([0.1, np.inf]), [])).tolist() == [float(np.float32(0.1)), np.inf]
    assert make(Payload(NDARRAY, np.arange(6.0).reshape(2, 3).T, [])).tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64"])
def test_floats_have_the_default_type_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, name))
    try:
        tensor = torch_tensor(Limits())(Payload(NDARRAY, np.array([1.5]), []))
    finally:
        torch.set_default_dtype(before)
    assert (tensor.dtype, tensor.tolist()) == (getattr(torch, name), [1.5])
