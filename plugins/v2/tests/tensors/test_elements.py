from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_v2.tensors.elements import from_elements


def objects(*values):
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        array[index] = value
    return array


def read(array, non_finite=NonFinite.NULL):
    return from_elements(array, "x", non_finite)


class Level(Enum):
    LOW = "low"
    HIGH = 2.5


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.binary()))
def test_text_and_bytes_stay_what_they_are(values):
    encoded = [value.encode() if isinstance(value, str) else value for value in values]
    wanted = values if {*map(type, values)} == {str} else encoded
    assert read(objects(*values)).tolist() == wanted


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (np.array(["a", "\u00e9"]), ["a", "\u00e9"]),
        (np.array([b"a"]), [b"a"]),
        (objects(bytearray(b"a\0")), [b"a\0"]),
        (np.array(["2026-01-02", "NaT"], "M8[D]"), [b"2026-01-02", b"null"]),
        (np.array(["NaT"], "M8[s]"), [b"null"]),
        (np.array([3, "NaT"], "m8[m]"), [b"PT3M", b"null"]),
        (np.array(["NaT"], "m8[m]"), [b"null"]),
        (np.array([(1, "a")], [("n", int), ("t", "U1")]), [b'{"n": 1, "t": "a"}']),
        (objects(Decimal("1.10"), None), [b"1.10", b"null"]),
        (objects(dt.date(2026, 1, 2)), [b"2026-01-02"]),
        (objects(Level.LOW, Level.HIGH), [b"low", b"2.5"]),
        (objects(True, None), [b"true", b"null"]),
        (objects(True, 1), [b"true", b"1"]),
        (objects(1, "a", 0.5), [b"1", b"a", b"0.5"]),
        (objects([1], [1, "\u00e9"]), [b"[1]", '[1, "\u00e9"]'.encode()]),
        (objects({"a": [1, {"b": None}]}, None), [b'{"a": [1, {"b": null}]}', b"null"]),
        (objects(2**70), [b"1180591620717411303424"]),
        (objects(2**60 + 1, None), [b"1152921504606846977", b"null"]),
    ],
)
def test_every_other_element_is_its_json_text(array, wanted):
    assert read(array).tolist() == wanted
    assert read(array.reshape(1, -1)).tolist() == [wanted]


@pytest.mark.parametrize(
    ("array", "dtype", "wanted"),
    [
        (objects(1, 2), np.int64, [1, 2]),
        (objects(2**63), np.uint64, [2**63]),
        (objects(2**63, 1), np.uint64, [2**63, 1]),
        (objects(1, 0.5), np.float64, [1, 0.5]),
        (objects(True, False), np.bool_, [True, False]),
        (objects(Level.HIGH), np.float64, [2.5]),
        (np.array([3], "m8"), np.int64, [3]),
    ],
)
def test_numbers_and_truth_values_have_their_datatype(array, dtype, wanted):
    found = read(array)
    assert (found.dtype, found.tolist()) == (dtype, wanted)


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 2 has it")
def test_texts_of_any_width_are_text():
    assert read(np.array(["a", "long"], np.dtypes.StringDType())).tolist() == ["a", "long"]
    with pytest.raises(SeldonError, match="has a missing value beside text"):
        read(np.array(["a", None], np.dtypes.StringDType(na_object=None)))


def test_a_missing_value_among_numbers_is_nan():
    found = read(objects(1, None))
    assert found[0] == 1
    assert np.isnan(found[1])


def test_the_setting_decides_the_form_of_nan_in_json_text():
    array = objects({"a": np.nan})
    assert read(array).tolist() == [b'{"a": null}']
    assert read(array, NonFinite.STRING).tolist() == [b'{"a": "NaN"}']
    assert read(objects("a", np.nan), NonFinite.STRING).tolist() == [b"a", b"NaN"]
    with pytest.raises(SeldonError, match="output 'x': nan is not a valid JSON number") as error:
        read(array, NonFinite.ERROR)
    assert error.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "has a missing value beside text"),
        (np.nan, "has a missing value beside text"),
        (-np.inf, "has a missing value beside text"),
        ("\ud800", "has text with a lone surrogate"),
        (object(), "cannot be written: a value is object"),
        (1j, "cannot be written: a value is complex"),
    ],
)
def test_an_element_without_a_form_is_the_components_fault(value, message):
    with pytest.raises(SeldonError, match=f"the component's output 'x' {message}") as error:
        read(objects("a", value))
    assert error.value.code is ErrorCode.COMPONENT_FAILED


def test_an_element_that_contains_itself_is_the_components_fault():
    endless = []
    endless.append(endless)
    with pytest.raises(SeldonError, match="it contains itself, or nests too deeply"):
        read(objects(endless, 1))
