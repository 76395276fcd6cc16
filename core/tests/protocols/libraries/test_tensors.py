"""Tensors of other devices; the rows of the table are in ``tests/parity/test_returned_values.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.result import pack
from seldon_runtime.inference.message import TENSOR
from seldon_runtime.protocols.libraries import tensors
from seldon_runtime.protocols.libraries.tensors import array_of
from seldon_runtime.protocols.plain_values import plain_value


class OnDevice:
    """A tensor that NumPy cannot read in place, as those of a GPU are."""

    device = (2, 0)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("can't convert a tensor of a device to numpy")

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **kwargs: Any) -> Any:
        raise TypeError("__dlpack__() got an unexpected keyword argument 'dl_device'")


class Copied(OnDevice):
    def cpu(self) -> Any:
        return np.array([1.5])


class Gets(OnDevice):
    def get(self) -> Any:
        return np.array([1.5])


class Exports(OnDevice):
    def __dlpack__(self, *, dl_device: Any = None, **kwargs: Any) -> Any:
        assert tuple(dl_device) == (1, 0)
        return np.array([1.5]).__dlpack__()


class OnProcessor(OnDevice):
    device = (1, 0)

    def __dlpack__(self, **kwargs: Any) -> Any:
        return np.array([1.5]).__dlpack__()


@pytest.fixture
def old_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy before 2.1, whose ``from_dlpack`` has no argument ``device``."""
    monkeypatch.setattr(tensors, "_NUMPY_HAS_DEVICES", False)


@pytest.mark.usefixtures("old_numpy")
@pytest.mark.parametrize("kind", [Copied, Gets, Exports, OnProcessor])
def test_old_numpy_reads_what_the_library_copies(kind: type[Any]) -> None:
    assert array_of(kind()).tolist() == [1.5]


@pytest.mark.usefixtures("old_numpy")
def test_old_numpy_names_the_version_that_a_tensor_needs() -> None:
    with pytest.raises(TypeError, match=r"it is on another device, which needs NumPy 2\.1"):
        array_of(OnDevice())


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_floats_that_numpy_lacks_are_floats_of_32_bits(name: str) -> None:
    torch = pytest.importorskip("torch")
    array = array_of(torch.tensor([1.5], requires_grad=True).to(getattr(torch, name)))
    assert (array.dtype, array.tolist()) == (np.float32, [1.5])


@pytest.mark.parametrize("name", ["float32", "int64"])
def test_a_sparse_tensor_of_torch_says_how_to_convert_it(name: str) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"Use Tensor\.to_dense\(\) first"):
        array_of(torch.eye(2).to(getattr(torch, name)).to_sparse())


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "int4"])
def test_types_that_numpy_lacks_are_numbers_everywhere(name: str) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = np.array([[1, -2]], getattr(ml_dtypes, name))
    payload = pack(array, None, lambda: None)
    assert (payload.kind, np.ravel(payload.value).tolist()) == (TENSOR, [1.0, -2.0])
    assert plain_value([array[0, 0], {"a": array[0]}]) == [1.0, {"a": [1.0, -2.0]}]
