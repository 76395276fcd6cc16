"""CSV: what is written is read back, in the types of its columns."""

from __future__ import annotations

import csv
import re
from io import StringIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.plugin import ARRAYS, NDARRAY, Columns, Kind, Limits, Payload
from seldon_runtime_rest.media.csv_text import CsvText
from seldon_runtime_rest.media.format import UnfitAnswer

FORMAT = CsvText()
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(
    lambda word: not re.fullmatch(r"[0-9+\-.eE]*|[Tt]rue|[Ff]alse|-?inf|nan|NaN", word)
)
KINDS = {
    "i": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(allow_nan=False).filter(lambda value: not value.is_integer()),
    "b": st.booleans(),
    "O": words,
}


@st.composite
def tables(draw):
    count = draw(st.integers(1, 5))
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4))
    columns = Columns()
    for index, kind in enumerate(kinds):
        values = draw(st.lists(KINDS[kind], min_size=count, max_size=count))
        columns[f"{index}{draw(words)}"] = np.array(values, None if kind != "O" else object)
    return columns


def read(body, parameters=None, limits=None):
    return FORMAT.read(body, parameters or {}, limits or Limits()).value


@given(tables())
def test_a_table_is_read_back_with_its_types(columns):
    found = read(FORMAT.write(Payload(ARRAYS, columns, list(columns))))
    assert list(found) == list(columns)
    for name, column in columns.items():
        assert found[name].dtype == column.dtype
        assert found[name].tolist() == column.tolist()


@given(st.lists(st.lists(st.text(max_size=4), min_size=2, max_size=2), min_size=1, max_size=4))
def test_every_cell_is_kept(rows):
    text = StringIO(newline="")
    csv.writer(text).writerows([["a", "b"], *rows])
    found = read(text.getvalue().encode("utf-8", "replace"))
    assert len(found["a"]) == len(rows)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2"], np.array([1, 2])),
        (["1", ""], np.array([1, np.nan])),
        (["9007199254740993", ""], np.array([9007199254740993, None], object)),
        (["1.5", "-2e3"], np.array([1.5, -2000])),
        (["007", "1"], np.array(["007", "1"], object)),
        (["+5", "1"], np.array(["+5", "1"], object)),
        (["1-2", "1"], np.array(["1-2", "1"], object)),
        (["1e999", "1"], np.array(["1e999", "1"], object)),
        (["nan", "1"], np.array([np.nan, 1])),
        (["NaN", "inf", "", "-Infinity"], np.array([np.nan, np.inf, np.nan, -np.inf])),
        (["-inf"], np.array([-np.inf])),
        (["INF", "1"], np.array(["INF", "1"], object)),
        (["tiny", "nan"], np.array(["tiny", "nan"], object)),
        (["inf", "1e999"], np.array(["inf", "1e999"], object)),
        (["-0", "2"], np.array([0, 2])),
        (["-0", "2.5"], np.array([-0.0, 2.5])),
        (["-00", "2"], np.array(["-00", "2"], object)),
        (["18446744073709551615", "1"], np.array([2**64 - 1, 1], np.uint64)),
        (["-1", str(2**63)], np.array([-1, 2**63], object)),
        (["1" * 30, "1"], np.array([int("1" * 30), 1], object)),
        (["true", "False"], np.array([True, False])),
        (["true", ""], np.array([True, None], object)),
        (["x", ""], np.array(["x", None], object)),
        (["1" * 5000, "1"], np.array(["1" * 5000, "1"], object)),
    ],
)
def test_a_column_has_the_type_of_all_its_cells(cells, expected):
    found = read("\n".join(["a,b", *(f"{cell},z" for cell in cells)]).encode())["a"]
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_the_first_line_may_be_a_row():
    assert {name: column.tolist() for name, column in read(b"1,x\r\n", {"header": "absent"}).items()} == {
        "column_0": [1],
        "column_1": ["x"],
    }


def test_a_byte_order_mark_is_no_part_of_a_name():
    assert list(read("\ufeffa\n1\n".encode())) == ["a"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (b"a,b\n1\n", "row 1 of the CSV has 1 cells, expected 2"),
        (b"a,a\n1,2\n", "has the column 'a' twice"),
        (b'a\n"x', "not valid CSV"),
        (b"a\n\xff\n", "not text in utf-8"),
    ],
)
def test_a_body_that_cannot_be_read_is_the_callers_fault(body, message):
    with pytest.raises(SeldonError, match=message) as error:
        read(body)
    assert error.value.code is ErrorCode.BAD_DATA


def test_the_cells_are_limited():
    with pytest.raises(SeldonError, match="the CSV has 6 values, at most 5"):
        read(b"a,b\n1,2\n1,2\n1,2\n", limits=Limits(max_array_values=5))


@pytest.mark.parametrize("parameters", [{"charset": "utf-16"}, {"header": "maybe"}])
def test_parameters_that_are_not_known_are_415(parameters):
    with pytest.raises(SeldonError) as error:
        FORMAT.check(parameters)
    assert error.value.status_code == 415


@given(tables())
def test_memory_is_an_upper_estimate(columns):
    body = FORMAT.write(Payload(ARRAYS, columns, list(columns)))
    assert FORMAT.memory(body) > sum(column.nbytes for column in columns.values())


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (Payload(NDARRAY, np.array([[1.5, np.nan]]), ["a", "b"]), "a,b\r\n1.5,\r\n"),
        (Payload(NDARRAY, [[1, "x,y"], [None, True]], ["a", "b"]), 'a,b\r\n1,"x,y"\r\n,true\r\n'),
        (Payload(NDARRAY, ["spam", "ham"]), "value\r\nspam\r\nham\r\n"),
        (Payload(NDARRAY, np.array([1, 2])), "value\r\n1\r\n2\r\n"),
        (Payload(NDARRAY, np.array(1)), "value\r\n1\r\n"),
        (Payload(NDARRAY, np.array([[1, 2]]), ["a", "a"]), "a,a\r\n1,2\r\n"),
        (Payload(Kind.JSON, [{"a": 1}, {"b": {"c": 2}}]), 'a,b\r\n1,\r\n,"{""c"": 2}"\r\n'),
        (Payload(NDARRAY, [{"a": 1}, {"a": 2, "b": "x"}], []), "a,b\r\n1,\r\n2,x\r\n"),
        (Payload(NDARRAY, np.array([{"a": 1}], object), []), "a\r\n1\r\n"),
        (Payload(NDARRAY, [{"a": 1}, 2], []), 'value\r\n"{""a"": 1}"\r\n2\r\n'),
        (Payload(Kind.JSON, {"a": 1.5}), "a\r\n1.5\r\n"),
        (Payload(Kind.JSON, 0.5), "value\r\n0.5\r\n"),
    ],
)
def test_an_answer_becomes_a_table(payload, text):
    assert FORMAT.write(payload).decode() == text


@pytest.mark.parametrize(
    "payload",
    [
        Payload(Kind.STR, "x"),
        Payload(Kind.BINARY, b"x"),
        Payload(NDARRAY, np.zeros((2, 2, 2))),
        Payload(NDARRAY, [[["x"]]]),
        Payload(NDARRAY, [["x"], ["x", "y"]]),
        Payload(NDARRAY, ["\ud800"]),
        Payload(Kind.JSON, {"\ud800": 1}),
        Payload(Kind.JSON, [[1], [2, 3]]),
    ],
)
def test_an_answer_that_is_no_table_is_unfit(payload):
    with pytest.raises(UnfitAnswer):
        FORMAT.write(payload)


def test_an_array_without_rows_has_its_names():
    for rows in ([], np.empty((0, 2)), np.empty((0, 2), object)):
        assert FORMAT.write(Payload(NDARRAY, rows, ["a", "b"])) == b"a,b\r\n"


def test_a_cell_of_several_values_is_json():
    body = FORMAT.write(Payload(Kind.JSON, {"a": [1.0, float("nan")], "b": {"x": float("inf")}}))
    assert list(csv.reader(StringIO(body.decode()))) == [["a", "b"], ["[1.0, null]", '{"x": null}']]


def test_bytes_are_no_text():
    with pytest.raises(UnfitAnswer, match="a table with bytes"):
        FORMAT.write(Payload(ARRAYS, Columns(a=np.array([b"x", None], object)), ["a"]))
