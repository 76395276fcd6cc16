from __future__ import annotations

import sys

import numpy as np
import pytest

from seldon_runtime.plugin import SeldonError
from seldon_runtime_v2.tensors.datatypes import BYTES, DATATYPES, bf16, datatype_named, datatype_of


@pytest.mark.parametrize("datatype", DATATYPES.values(), ids=lambda datatype: datatype.name)
def test_each_datatype_is_found_by_its_name_and_by_its_arrays(datatype):
    assert datatype_named(datatype.name, "x") is datatype
    assert datatype_of(np.empty(1, datatype.dtype)) is datatype
    if datatype is not BYTES:
        assert datatype.item_bytes == datatype.dtype.itemsize


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (">f4", "FP32"),
        (">i8", "INT64"),
        ("U3", "BYTES"),
        ("S3", "BYTES"),
        ("M8[s]", "BYTES"),
        ("f16", "FP64"),
    ],
)
def test_other_types_of_numpy_have_a_datatype(dtype, name):
    found = datatype_of(np.zeros(1, dtype))
    assert found is not None
    assert found.name == name


def test_v2_has_no_complex_numbers():
    assert datatype_of(np.zeros(1, complex)) is None


@pytest.mark.parametrize(("name", "hint"), [("int32", ". Did you mean INT32?"), ("", ""), ("FLOAT32", "")])
def test_an_unknown_name_is_the_clients_fault(name, hint):
    with pytest.raises(SeldonError) as error:
        datatype_named(name, "the input 'x'")
    assert error.value.message.startswith(f"the input 'x' has the datatype {name!r}, expected one of BOOL, ")
    assert error.value.message.endswith(hint or "BF16") or name == "FLOAT32"


def test_bf16_is_float32_without_ml_dtypes(monkeypatch):
    bf16.cache_clear()
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    try:
        assert datatype_named("BF16", "x").dtype == np.float32
    finally:
        bf16.cache_clear()


def test_bf16_is_the_type_of_ml_dtypes_where_it_is_installed():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    bf16.cache_clear()
    assert datatype_named("BF16", "x").dtype == ml_dtypes.bfloat16
    assert datatype_of(np.zeros(1, ml_dtypes.bfloat16)) is bf16()
