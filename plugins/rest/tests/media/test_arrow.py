"""Streams of Arrow: tables are read back, and no stream takes more memory than the limits allow."""

from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seldon_runtime.component.hints.tables import pandas_frame
from seldon_runtime.component.result import converted_result
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.plugin import ARRAYS, NDARRAY, Columns, Kind, Limits, Payload
from seldon_runtime_rest.media.arrow import ArrowStream
from seldon_runtime_rest.media.arrow_memory import stream_size
from seldon_runtime_rest.media.format import UnfitAnswer

pa = pytest.importorskip("pyarrow", reason="PyArrow is in the environment of tox's frameworks")
FORMAT = ArrowStream()
TYPES = {
    "bool": (pa.bool_(), st.booleans()),
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float32": (pa.float32(), st.floats(width=32, allow_nan=False)),
    "float64": (pa.float64(), st.floats(allow_nan=False)),
    "text": (pa.string(), st.text(st.characters(codec="utf-8"), max_size=5)),
    "large text": (pa.large_string(), st.text(st.characters(codec="utf-8"), max_size=5)),
    "view of text": (pa.string_view(), st.text(st.characters(codec="utf-8"), max_size=20)),
    "bytes": (pa.binary(), st.binary(max_size=5)),
    "large bytes": (pa.large_binary(), st.binary(max_size=5)),
    "view of bytes": (pa.binary_view(), st.binary(max_size=20)),
    "two bytes": (pa.binary(2), st.binary(min_size=2, max_size=2)),
    "words": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "b"])),
    "time": (pa.timestamp("ms"), st.integers(0, 2**40)),
    "null": (pa.null(), st.none()),
}


@st.composite
def tables(draw):
    count = draw(st.integers(0, 5))
    names = draw(st.lists(st.sampled_from(list(TYPES)), min_size=1, max_size=4, unique=True))
    columns = {}
    for name in names:
        kind, values = TYPES[name]
        nullable = st.none() | values if draw(st.booleans()) else values
        columns[name] = pa.array(draw(st.lists(nullable, min_size=count, max_size=count)), kind)
    return pa.table(columns)


def stream(table, compression=None, rows=None):
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table, rows)
    return sink.getvalue().to_pybytes()


def read(body, limits=None):
    return FORMAT.read(body, {}, limits or Limits()).value


def plain(column):
    """Return what a column holds, with None for what is missing."""
    if column.dtype.kind == "M":
        return [None if np.isnat(value) else int(value.astype(int)) for value in column]
    return [None if value != value else value for value in column.tolist()]


@given(tables(), st.sampled_from([None, "zstd", "lz4"]), st.sampled_from([None, 2]))
def test_every_value_of_a_stream_is_read(table, compression, rows):
    found = read(stream(table, compression, rows))
    assert list(found) == table.column_names
    for name, column in found.items():
        values = table[name].cast("int64").to_pylist() if name == "time" else table[name].to_pylist()
        assert plain(column) == values


@given(tables())
def test_a_table_that_was_read_is_written_with_its_values(table):
    columns = read(stream(table))
    body = FORMAT.write(Payload(ARRAYS, columns, list(columns)))
    again = pa.ipc.open_stream(body).read_all()
    assert again.column_names == table.column_names
    assert {name: plain(column) for name, column in read(body).items()} == {
        name: plain(column) for name, column in columns.items()
    }


@given(tables().filter(lambda table: "words" not in table.column_names), st.sampled_from([None, "zstd"]))
def test_the_size_of_a_stream_is_known_before_it_is_read(table, compression):
    size = stream_size(stream(table, compression))
    assert size.values == table.num_rows * table.num_columns
    assert size.buffer_bytes >= table.nbytes // 2  # text is sliced, and validity may be left out


@given(st.data())
@settings(max_examples=200)
def test_damaged_streams_are_read_or_refused(data):
    body = bytearray(stream(pa.table({"a": [1, 2], "b": ["x", None], "c": ["u", "v"]}), "zstd"))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    for damaged in (bytes(body), bytes(body[:cut])):
        assert FORMAT.memory(damaged) >= 0
        with suppress(SeldonError):
            read(damaged, Limits(max_request_memory=10_000_000))


def test_a_compressed_bomb_is_refused_before_it_is_unpacked():
    body = stream(pa.table({"a": np.zeros(40_000_000, np.int8)}), "zstd")
    assert len(body) < 100_000
    with pytest.raises(SeldonError, match="has 40000000 values, at most 20000000"):
        read(body)
    limits = Limits(max_array_values=10**9, max_request_memory=10_000_000)
    with pytest.raises(SeldonError, match="SELDON_MAX_REQUEST_MEMORY") as error:
        read(body, limits)
    assert error.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "-03:00"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_keep_their_time_zone(zone, unit):
    times = pa.array([0, 10**9 + 1, None], pa.timestamp(unit, zone))
    column = read(stream(pa.table({"a": times})))["a"]
    assert [value and value.utcoffset() for value in column] == [
        value and value.utcoffset() for value in times.to_pylist()
    ]
    body = FORMAT.write(Payload(ARRAYS, Columns(a=column), ["a"]))
    again = pa.ipc.open_stream(body).read_all()["a"]
    assert again.type.tz == zone
    assert again.to_pylist() == times.to_pylist()


def test_a_frame_of_pandas_has_the_time_zone():
    pd = pytest.importorskip("pandas")
    times = pa.array([0, None], pa.timestamp("us", "Europe/Berlin"))
    payload = FORMAT.read(stream(pa.table({"a": times, "b": [1, 2]})), {}, Limits())
    frame = pandas_frame(pd.DataFrame)(payload)
    assert str(frame["a"].dtype) == "datetime64[us, Europe/Berlin]"
    assert converted_result(frame)[1].columns[0][0].isoformat() == "1970-01-01T01:00:00+01:00"


def test_a_time_zone_that_is_not_known_is_told():
    with pytest.raises(SeldonError, match=r"timestamp\[us, tz=Mars/Base\], expected a known time zone"):
        read(stream(pa.table({"a": pa.array([0], pa.timestamp("us", "Mars/Base"))})))


def test_a_list_of_records_is_a_table():
    body = FORMAT.write(Payload(NDARRAY, [{"a": 1, "b": "x"}, {"a": 2, "b": None}], []))
    assert pa.ipc.open_stream(body).read_all().to_pydict() == {"a": [1, 2], "b": ["x", None]}


def test_nulls_that_take_no_bytes_are_counted():
    with pytest.raises(SeldonError, match="has 1073741824 values"):
        read(stream(pa.table({"a": pa.nulls(2**30)})))


def test_a_long_word_that_many_rows_share_is_one_object():
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int8()), ["x" * 100_000])
    column = read(stream(pa.table({"a": words})))["a"]
    assert len({id(word) for word in column}) == 1


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.int8()), pa.struct([("x", pa.int8())]), pa.decimal128(5), pa.list_(pa.string_view())],
)
def test_other_types_are_refused_by_name(kind):
    with pytest.raises(SeldonError, match="the column 'a' of the Arrow stream has the type "):
        read(stream(pa.table({"a": pa.array([None], kind)})))


def test_a_stream_of_an_old_version_is_refused():
    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1]})
    options = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    with pytest.raises(SeldonError, match="expected V5"):
        read(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not valid Arrow"),
        (b"ARROW1\0\0", "expected the IPC streaming format"),
        (struct.pack("<Ii", 0xFFFFFFFF, 2**30), "ends too early"),
        (stream(pa.table({"a": [1]}))[:-20], "ends|bytes behind"),
    ],
)
def test_a_body_that_is_no_stream_is_the_callers_fault(body, message):
    with pytest.raises(SeldonError, match=message) as error:
        read(body)
    assert error.value.code is ErrorCode.BAD_DATA


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(SeldonError, match="has the column 'a' twice"):
        read(stream(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])))


@pytest.mark.parametrize(
    ("payload", "rows"),
    [
        (Payload(NDARRAY, [[1, "x"], [None, "y"]], ["a", "b"]), [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]),
        (Payload(NDARRAY, np.array([[1.5, 2]]), ["a", "b"]), [{"a": 1.5, "b": 2.0}]),
        (Payload(Kind.JSON, [{"a": [1]}]), [{"a": [1]}]),
    ],
)
def test_an_answer_becomes_a_table(payload, rows):
    assert pa.ipc.open_stream(FORMAT.write(payload)).read_all().to_pylist() == rows


@pytest.mark.parametrize(
    "payload",
    [
        Payload(Kind.STR, "x"),
        Payload(NDARRAY, [["x"], [1]], ["a"]),
        Payload(ARRAYS, Columns(a=np.array([1, "x"], object)), ["a"]),
    ],
)
def test_an_answer_that_is_no_table_is_unfit(payload):
    with pytest.raises(UnfitAnswer):
        FORMAT.write(payload)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([2**64 - 1, 1, None], pa.uint64()),
        (np.array([2**64 - 1, None], object), pa.uint64()),
        (np.array([1.5, 2.5], ">f4"), pa.float32()),
        (np.array([1, 2], ">i8"), pa.int64()),
        (np.array([1.5], np.longdouble), pa.float64()),
        (np.array(["2026-01-02"], ">M8[s]"), pa.timestamp("s")),
    ],
)
def test_a_column_of_another_form_is_written_with_its_values(column, kind):
    values = column.tolist() if isinstance(column, np.ndarray) else column
    columns = Columns(a=column if isinstance(column, np.ndarray) else np.array(column, object))
    written = pa.ipc.open_stream(FORMAT.write(Payload(ARRAYS, columns, ["a"]))).read_all()["a"]
    assert (written.type, written.to_pylist()) == (kind, values)
    rows = [[value] for value in values]
    if kind == pa.uint64():
        again = pa.ipc.open_stream(FORMAT.write(Payload(NDARRAY, rows, ["a"]))).read_all()["a"]
        assert (again.type, again.to_pylist()) == (kind, values)


def test_an_answer_without_rows_has_its_names():
    written = pa.ipc.open_stream(FORMAT.write(Payload(NDARRAY, [], ["a", "b"]))).read_all()
    assert (written.column_names, written.num_rows) == (["a", "b"], 0)


def test_whole_numbers_that_arrow_lacks_are_told():
    with pytest.raises(UnfitAnswer, match="whole numbers beyond 64 bits"):
        FORMAT.write(Payload(NDARRAY, [[2**64], [1]], ["a"]))


@pytest.mark.parametrize("is_dictionary", [False, True])
def test_views_that_share_a_long_text_count_each_time(is_dictionary):
    text = "x" * 1000
    shared = pa.array([text], pa.string_view())
    views = np.frombuffer(shared.buffers()[1], np.int32)[:4].copy()
    count = 20_000
    column = pa.Array.from_buffers(
        pa.string_view(), count, [None, pa.py_buffer(np.tile(views, count).tobytes()), shared.buffers()[2]]
    )
    column.validate(full=True)
    if is_dictionary:
        column = pa.DictionaryArray.from_arrays(pa.array(range(count), pa.int32()), column)
    body = stream(pa.table({"a": column}))
    assert len(body) < count * 30
    with pytest.raises(SeldonError, match="SELDON_MAX_REQUEST_MEMORY"):
        read(body, Limits(max_request_memory=count * 1000))
    assert set(read(body)["a"]) == {text}


@pytest.mark.parametrize("level", ["newest", "oldest"])
def test_a_stream_of_polars_is_read(level):
    pl = pytest.importorskip("polars")
    body = BytesIO()
    frame = pl.DataFrame(
        {
            "a": ["x", None],
            "b": pl.Series(["u", "v"], dtype=pl.Categorical),
            "c": [1, 2],
            "d": pl.Series(["u", "v"], dtype=pl.Enum(["u", "v"])),
            "e": [b"\xff", None],
        }
    )
    frame.write_ipc_stream(body, compat_level=getattr(pl.CompatLevel, level)())
    assert {name: column.tolist() for name, column in read(body.getvalue()).items()} == frame.to_dict(
        as_series=False
    )


def test_columns_of_one_name_stay_what_the_component_returned():
    written = pa.ipc.open_stream(FORMAT.write(Payload(NDARRAY, [[1, "x"]], ["a", "a"]))).read_all()
    assert (written.column_names, [column.to_pylist() for column in written]) == (["a", "a"], [[1], ["x"]])


def test_bytes_are_written():
    payload = Payload(ARRAYS, Columns(a=np.array([b"\xff", None], object)), ["a"])
    assert pa.ipc.open_stream(FORMAT.write(payload)).read_all().to_pydict() == {"a": [b"\xff", None]}
