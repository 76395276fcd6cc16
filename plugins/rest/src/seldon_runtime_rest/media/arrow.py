"""Tables as streams of Apache Arrow: ``application/vnd.apache.arrow.stream``.

PyArrow reads and writes them; it is imported with the first such body.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import ARRAYS, Columns, Limits, Payload, SeldonError
from seldon_runtime.protocols.arrays import LARGEST_EXACT, object_array
from seldon_runtime_rest.media.arrow_memory import stream_size
from seldon_runtime_rest.media.format import Format, Parameters, UnfitAnswer
from seldon_runtime_rest.media.tables import check_names, columns_of

_VALUE_BYTES = 80
"""The memory of a value besides its bytes: a Python object, and its place in an array."""
_COPIES = 3
_LONGEST = 8
"""The bytes of the longest number of Arrow."""
_VIEW_PARTS = 4
"""The 32-bit numbers of a view, of which the first is the length of its text or bytes."""
_EXPECTED = "expected numbers, booleans, text, bytes (these also as a dictionary), dates or timestamps"


class ArrowStream(Format):
    """``application/vnd.apache.arrow.stream``: a table whose columns keep their types."""

    media_type = "application/vnd.apache.arrow.stream"
    needs = "pyarrow"

    def memory(self, body: bytes) -> int:
        """Return the decompressed size, and that of Python's objects. A stream that is not valid takes 0."""
        try:
            size = stream_size(body)
        except SeldonError:  # which reading raises again
            return 0
        return size.buffer_bytes * _COPIES + size.values * _VALUE_BYTES

    def read(self, body: bytes, parameters: Parameters, limits: Limits) -> Payload:
        """Return the columns. Null is NaN among floats, NaT among timestamps, else None.

        Timestamps with a time zone are objects of ``datetime``, since NumPy's have none.
        """
        size = stream_size(body)
        limits.check_values(size.values, "the Arrow stream")
        limits.check_memory(size.buffer_bytes * _COPIES + size.values * _VALUE_BYTES, "the Arrow stream")
        table = _table(import_module("pyarrow"), body)
        names = table.column_names
        check_names(names, "the Arrow stream")
        shared = sum(map(_view_bytes, table.itercolumns()))
        limits.check_memory((size.buffer_bytes + shared) * _COPIES, "the Arrow stream")
        columns = Columns(zip(names, map(_array, table.itercolumns()), strict=True))
        return Payload(ARRAYS, columns, names)

    def write(self, payload: Payload) -> bytes:
        """Return a stream of one batch."""
        arrow = import_module("pyarrow")
        columns = columns_of(payload)
        try:
            arrays = [_written(arrow, column) for _, column in columns]
            table = arrow.Table.from_arrays(arrays, [name for name, _ in columns])
        except OverflowError as error:
            raise UnfitAnswer("a table with whole numbers beyond 64 bits") from error
        except (arrow.ArrowException, TypeError, ValueError) as error:
            raise UnfitAnswer(f"a table with a column of several types ({error})") from error
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        body: bytes = sink.getvalue().to_pybytes()
        return body


def _written(arrow: Any, column: Any) -> Any:
    """Return a column of an answer as an array of Arrow."""
    made = _made(arrow, _native(column))
    has_zone = arrow.types.is_timestamp(made.type) and made.type.tz
    if has_zone and any(getattr(value, "nanosecond", 0) for value in column):
        return arrow.array(column, arrow.timestamp("ns", made.type.tz))  # which would be dropped
    return made


def _made(arrow: Any, column: Any) -> Any:
    try:
        return arrow.array(column)
    except OverflowError:  # of whole numbers from 2^63 on, beside null
        return arrow.array(column, arrow.uint64())


def _native(column: Any) -> Any:
    """Return an array of numbers or dates in a form that Arrow has: of this machine's order, and 64 bits."""
    if not isinstance(column, np.ndarray) or column.dtype.hasobject:
        return column
    is_long = column.dtype.kind == "f" and column.dtype.itemsize > _LONGEST
    return column.astype(np.float64 if is_long else column.dtype.newbyteorder("="), copy=False)


def _table(arrow: Any, body: bytes) -> Any:
    """Return a valid table of known types."""
    try:
        with arrow.ipc.open_stream(body, options=arrow.ipc.IpcReadOptions(use_threads=False)) as reader:
            for field in reader.schema:
                _check_type(arrow, field.name, field.type)
            table = reader.read_all()
        table.validate(full=True)
    except (arrow.ArrowException, OSError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        raise SeldonError(f"the body is not valid Arrow: {error}") from error
    return table


def _check_type(arrow: Any, name: str, kind: Any) -> None:
    types = arrow.types
    value = kind.value_type if types.is_dictionary(kind) else kind
    tests = (
        *(types.is_integer, types.is_floating, types.is_boolean),
        *(types.is_timestamp, types.is_date, types.is_null),
    )
    texts = (
        *(types.is_string, types.is_large_string, types.is_string_view),
        *(types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary),
    )
    if not any(test(value) for test in texts) and not any(test(kind) for test in tests):
        raise SeldonError(
            f"the column {name!r:.80} of the Arrow stream has the type {kind!s:.80}, {_EXPECTED}"
        )


def _view_bytes(column: Any) -> int:
    """Return the bytes of the texts of a column of views, any number of which may share their bytes."""
    if "_view" not in str(column.type):
        return 0
    chunks = column.chunks
    if str(column.type).startswith("dictionary"):
        chunks = [chunk.dictionary for chunk in chunks]
    return sum(map(_view_lengths, chunks))


def _view_lengths(chunk: Any) -> int:
    if not len(chunk):
        return 0
    views = np.frombuffer(chunk.buffers()[1], np.int32).reshape(-1, _VIEW_PARTS)
    lengths = views[chunk.offset : chunk.offset + len(chunk), 0].astype(np.int64)
    return int(lengths[chunk.is_valid().to_numpy(zero_copy_only=False)].sum())


def _array(column: Any) -> NDArray[Any]:
    """Return the values of a column."""
    kind = str(column.type)
    if kind.startswith("dictionary"):
        return _concatenated([_decoded(chunk) for chunk in column.chunks])
    if column.null_count and (kind == "bool" or "int" in kind):
        return _with_nulls(column)
    if kind == "null":
        return np.full(len(column), None, object)
    if kind.startswith("timestamp") and column.type.tz:
        return object_array(_times(column))
    array: NDArray[Any] = column.to_numpy()
    return array if array.flags.writeable else array.copy()


def _with_nulls(column: Any) -> NDArray[Any]:
    values = column.to_pylist()
    is_exact = all(value is None or abs(value) <= LARGEST_EXACT for value in values)
    if is_exact and str(column.type) != "bool":
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return object_array(values)


def _times(column: Any) -> list[Any]:
    """Return timestamps with a time zone; pandas makes those of nanoseconds."""
    try:
        values: list[Any] = column.to_pylist()
    except (KeyError, ValueError) as error:
        raise SeldonError(
            f"the Arrow stream has timestamps of the type {column.type!s:.80}, expected a known time zone, "
            f"and at most microseconds where pandas is not installed: {error}"
        ) from error
    return values


def _decoded(chunk: Any) -> NDArray[Any]:
    """Return the values of a dictionary's codes; equal values are one object, however often they occur."""
    words = np.empty(len(chunk.dictionary) + 1, object)
    words[:-1] = chunk.dictionary.to_pylist()
    codes = chunk.indices.cast("int64").fill_null(len(chunk.dictionary))
    found: NDArray[Any] = words[codes.to_numpy(zero_copy_only=False)]
    return found


def _concatenated(chunks: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(chunks) if chunks else np.empty(0, object)
