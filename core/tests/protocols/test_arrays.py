"""JSON lists to arrays: as NumPy infers them, and without trusting what was sent."""

from __future__ import annotations

import resource
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.protocols.arrays import array_from_list, as_floats, numpy_inferred, reshaped, type_name
from seldon_runtime.protocols.exact_arrays import exact_array

DTYPES = ["i1", "i4", "i8", "u1", "u4", "f2", "f4", "f8", "?"]


def array_of(values: object, **limits: int) -> npt.NDArray[Any]:
    return array_from_list(values, "data.ndarray", Limits(**limits))


def refusal(values: object, **limits: int) -> str:
    with pytest.raises(SeldonError) as caught:
        array_of(values, **limits)
    assert caught.value.code is ErrorCode.BAD_DATA
    return caught.value.message


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=1, max_dims=5, min_side=1))
    )
)
def test_what_numpy_writes_as_lists_comes_back(array: npt.NDArray[Any]) -> None:
    back = array_of(array.tolist())
    assert back.shape == array.shape
    assert back.dtype.kind == {"u": "i"}.get(array.dtype.kind, array.dtype.kind)
    np.testing.assert_array_equal(back, array)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)) | st.lists(st.integers(2**63, 2**64 - 1), min_size=1))
def test_whole_numbers_of_64_bits_stay_exact(values: list[int]) -> None:
    assert array_of(values).tolist() == values


@given(arrays.arrays(object, arrays.array_shapes(max_dims=3), elements=st.text("aü\U0001f600 ", max_size=5)))
def test_text_comes_back(array: npt.NDArray[Any]) -> None:
    assert array_of(array.tolist()).tolist() == array.tolist()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_either_an_array_or_bad_data(values: object) -> None:
    try:
        array = array_of(values)
    except SeldonError as error:
        assert error.code is ErrorCode.BAD_DATA  # noqa: PT017 - either outcome is right
    else:
        assert array.shape[0] == len(values)  # type: ignore[arg-type]
        assert not any(isinstance(item, list) for item in array.ravel().tolist())


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"),
        ([1, 2.5], "float64"),
        ([], "float64"),
        ([[], []], "float64"),
        ([True, False], "bool"),
        ([True, 2], "object"),
        ([True, 0.5], "object"),
        (["a", "bc"], "<U2"),
        ([1, "a"], "object"),
        ([1.5, "a"], "object"),
        ([True, "a"], "object"),
        ([1, None], "object"),
        ([{"a": [1, 2]}, {}], "object"),
        ([2**63], "uint64"),
        ([2**64], "object"),
        (["a\0", "b"], "object"),
        ([b"a\0"], "object"),
        ([[2**63 + 1], [1]], "uint64"),
        ([2**63 + 1, -1], "object"),
        ([2**53 + 1, 1.5], "object"),
        ([[[[2**63 + 1, 1]]]], "uint64"),
    ],
)
def test_values_of_one_type_have_a_type_of_numpy_and_others_are_objects(
    values: list[Any], dtype: str
) -> None:
    array = array_of(values)
    assert array.dtype == np.dtype(dtype)
    assert array.tolist() == values
    assert dtype != "object" or [type(value) for value in array] == [type(value) for value in values]


@given(
    arrays.arrays(
        object,
        arrays.array_shapes(max_dims=3, max_side=3),
        elements=st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("aü"),
    )
)
def test_every_value_stays_what_was_sent_and_numpys_array_can_be_made_of_it(array: npt.NDArray[Any]) -> None:
    sent = array.tolist()
    read = array_of(sent)
    assert read.shape == array.shape
    are_numbers = {type(value) for value in array.ravel()} <= {int, float}
    if are_numbers:
        assert read.tolist() == sent
    else:
        assert [(type(value), value) for value in read.ravel().tolist()] == [
            (type(value), value) for value in array.ravel()
        ]
    inferred = numpy_inferred(read) if read.dtype.kind == "O" else read
    expected = np.array(sent)
    if are_numbers and expected.dtype.kind == "f" and float not in {type(value) for value in array.ravel()}:
        expected = exact_array(sent)
    assert inferred.dtype == expected.dtype
    np.testing.assert_array_equal(inferred, expected)


@pytest.mark.parametrize(
    ("values", "floats"),
    [
        ([[1, None]], [[1.0, np.nan]]),
        ([1.5, "NaN", "Infinity", "-Infinity"], [1.5, np.nan, np.inf, -np.inf]),
        ([None], [np.nan]),
        (["NaN"], [np.nan]),
        ([2**70, None], [2.0**70, np.nan]),
    ],
)
def test_none_and_the_words_are_numbers(values: list[Any], floats: list[Any]) -> None:
    found = as_floats(array_of(values), words=True)
    assert found is not None
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, floats)


@pytest.mark.parametrize(
    "values", [[True, None], [2**70], ["nan", 1], ["x"], [{}, 1], [2**60 + 1, None], [10**400, None]]
)
def test_other_values_are_no_numbers(values: list[Any]) -> None:
    assert as_floats(array_of(values), words=True) is None


def test_a_word_is_text_where_words_are_not_read() -> None:
    assert as_floats(array_of([1, "NaN"]), words=False) is None


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "null"),
        ("a", "a text"),
        (5, "a number"),
        (1.5, "a number"),
        (True, "a boolean"),
        ({}, "an object"),
        ((1,), "a number"),
    ],
)
def test_what_is_no_list_is_refused_by_its_json_name(value: object, word: str) -> None:
    assert refusal(value) == f"data.ndarray is {word}, expected a list"


def test_json_words_of_values() -> None:
    assert type_name([]) == "a list"


@pytest.mark.parametrize(
    "values",
    [
        [[1], [2, 3]],
        [[1], 2],
        [1, [2]],
        [[1], 2, [3]],
        [[1], None, [3]],
        [["a"], "b"],
        ["a", ["b", "c"]],
        [[[1, 2]], [[3], [4]]],
        [[], [1]],
        [None, [1]],
        [{}, [1]],
    ],
)
def test_ragged_lists_are_refused(values: list[Any]) -> None:
    assert refusal(values).startswith("data.ndarray is ragged")


@pytest.mark.parametrize("leaf", [1.0, 1, "a", None, []])
def test_more_dimensions_than_numpy_has_are_refused(leaf: object) -> None:
    for _ in range(70):
        leaf = [leaf]
    assert "too many dimensions" in refusal(leaf)


def test_the_number_of_values_is_limited() -> None:
    assert array_of([[1, 2], [3, 4]], max_array_values=4).size == 4
    assert "data.ndarray has 4 values, at most 3 are accepted" in refusal(
        [[1, 2], [3, 4]], max_array_values=3
    )


@pytest.mark.parametrize(
    "values",
    [
        ["x" * 1_000_000, *["y"] * 1000],
        [["x" * 1_000_000], *[["y"]] * 1000],
        [*[1] * 1000, "x" * 1_000_000],
        [[["y"] * 1000, ["x" * 1_000_000] + ["y"] * 999]],
        [*["x"] * 2_000_000, 1.5, *["x"] * 100_000],
    ],
)
def test_one_long_text_among_many_values_takes_no_more_memory_than_it_has(values: list[Any]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    array = array_of(values)
    assert array.dtype == object
    assert numpy_inferred(array) is array
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 200 * 1024


def test_very_many_empty_rows_are_refused() -> None:
    assert array_of([[]] * 10_000).shape == (10_000, 0)
    assert "without values, expected at most 10000" in refusal([[]] * 10_001)


def test_long_texts_alone_and_many_short_ones_are_taken() -> None:
    assert array_of(["x" * 1_000_000] * 10).shape == (10,)
    assert array_of(["x"] * 1_000_000).shape == (1_000_000,)


@pytest.mark.parametrize(
    ("shape", "result"),
    [
        (None, (6,)),
        ([6], (6,)),
        (6, (6,)),
        ([2, 3], (2, 3)),
        ([-1, 3], (2, 3)),
        (-1, (6,)),
        ([1, 6, 1], (1, 6, 1)),
    ],
)
def test_values_take_the_shape(shape: object, result: tuple[int, ...]) -> None:
    assert reshaped(np.arange(6), shape, "shape").shape == result


def test_one_value_may_have_no_dimensions_and_none_may_have_empty_ones() -> None:
    assert reshaped(np.array([5]), [], "shape").shape == ()
    assert reshaped(np.array([]), [0, 3], "shape").shape == (0, 3)
    assert reshaped(np.array([]), [-1, 3], "shape").shape == (0, 3)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("2", "shape is a text, expected a list of whole numbers"),
        ({}, "shape is an object, expected a list of whole numbers"),
        (2.0, "shape is a number, expected a list of whole numbers"),
        (True, "shape is a boolean, expected a list of whole numbers"),
        ([2.0, 3], "shape[0] is 2.0, expected a whole number"),
        ([2, "3"], "shape[1] is '3', expected a whole number"),
        ([2, True], "shape[1] is True, expected a whole number"),
        ([-2, 3], "shape[0] is -2, expected a whole number"),
        ([-1, -1], "shape is [-1, -1]: at most one size may be -1"),
        ([4], "shape is [4], which does not fit 6 values"),
        ([], "shape is [], which does not fit 6 values"),
        ([0], "shape is [0], which does not fit 6 values"),
        ([-1, 0], "shape is [-1, 0], which does not fit 6 values"),
        ([2**70], "shape is [1180591620717411303424], which does not fit 6 values"),
        ([2**62, 4], "shape is [4611686018427387904, 4], which does not fit 6 values"),
        ([10**18] * 300, "which does not fit 6 values"),
        ([6] + [1] * 100, "which does not fit 6 values"),
    ],
)
def test_a_shape_that_is_none_or_does_not_fit_is_refused(shape: object, words: str) -> None:
    with pytest.raises(SeldonError) as caught:
        reshaped(np.arange(6), shape, "shape")
    assert caught.value.code is ErrorCode.BAD_DATA
    assert words in caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "shape", [[0, 2**40], [10_000, 10_000, 0], [10_000, 10_000, -1], [0] + [10_000] * 20]
)
def test_a_shape_without_values_cannot_ask_for_much(shape: list[int]) -> None:
    with pytest.raises(SeldonError) as caught:
        reshaped(np.array([]), shape, "shape")
    assert caught.value.code is ErrorCode.BAD_DATA


@pytest.mark.parametrize("values", [["a\0", "b"], ["a\0", 1], [b"a\0", b"b"]])
def test_zero_characters_and_bytes_at_the_end_stay(values: list[Any]) -> None:
    assert numpy_inferred(np.array(values, object)).tolist() == values
