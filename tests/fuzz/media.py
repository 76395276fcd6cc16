"""Bodies that are one value, for a component that answers its request, and the headers that name them."""

from __future__ import annotations

import importlib.util
import json
from io import BytesIO

import numpy as np

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.testing.served import run_call
from seldon_runtime_rest.media.codec import MediaCodec
from seldon_runtime_rest.media.formats import FORMATS
from seldon_runtime_rest.media.headers import accepted, media_type_of
from seldon_runtime_rest.v1.json_text import dumper

from .calls import COMPONENT, LIMITS

_CALLERS_FAULTS = (ErrorCode.BAD_DATA, ErrorCode.TOO_LARGE)
_DUMPS = dumper()
HAS_ARROW = importlib.util.find_spec("pyarrow") is not None


def body(media_type: str, data: bytes) -> None:
    """A body of a media type, answered as JSON. Raises SeldonError when it is refused."""
    (reader,) = [each for each in FORMATS if each.media_type == media_type]
    codec = MediaCodec(LIMITS, _DUMPS, reader, {}, (None,), takes_columns=True)
    assert codec.memory(Method.PREDICT, data) >= 0
    try:
        answer = run_call(COMPONENT, Call(Method.PREDICT, data, codec, "fuzz"))
    except SeldonError as error:
        if error.code not in _CALLERS_FAULTS:
            raise AssertionError(f"the component is blamed: {error.code.name}: {error}") from error
        raise
    json.loads(answer.body)


def headers(data: bytes) -> None:
    """A Content-Type and an Accept header."""
    media_type_of(data)
    assert 0 <= accepted(data).weight("text/csv") <= 1


def csv_seeds() -> list[bytes]:
    """Return tables of every kind of column."""
    return [
        b'a,b,c\r\n1,x,true\r\n2.5,"y,""z""",\r\n',
        b"a\n1\n\n2\n",
        "\ufeffn\u00e4me\n007\n".encode(),
        b"i,j\n9007199254740993,\n18446744073709551615,1e5\n",
    ]


def npy_seeds() -> list[bytes]:
    """Return arrays of every kind, order and version."""
    arrays = [
        np.arange(6.0).reshape(2, 3, order="F"),
        np.array(["a", "bc"]),
        np.array([[True, False]]),
        np.array(3, ">i4"),
        np.zeros((0, 2), np.float16),
    ]
    seeds = []
    for version in ((1, 0), (3, 0)):
        for array in arrays:
            file = BytesIO()
            np.lib.format.write_array(file, array, version=version)
            seeds.append(file.getvalue())
    return seeds


def arrow_seeds() -> list[bytes]:
    """Return streams with and without compression, dictionaries and nulls."""
    import pyarrow as pa

    tables = [
        pa.table(
            {"a": [1, None], "b": ["x", None], "c": pa.array([1.5, 2], pa.float32()), "d": [True, False]}
        ),
        pa.table(
            {"w": pa.array(["u", "v", "u"]).dictionary_encode(), "t": pa.array([1, 2, None], "timestamp[s]")}
        ),
        pa.table({"n": pa.nulls(3), "l": pa.array(["long", "er", ""], pa.large_string())}),
    ]
    seeds = []
    for table in tables:
        for compression in (None, "zstd", "lz4"):
            sink = pa.BufferOutputStream()
            options = pa.ipc.IpcWriteOptions(compression=compression)
            with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
                writer.write_table(table, max_chunksize=2)
            seeds.append(sink.getvalue().to_pybytes())
    return seeds


def header_seeds() -> list[bytes]:
    """Return headers as clients send them."""
    return [
        b'text/csv; charset="utf-8"; header=absent',
        b"text/*;q=0.5, application/json, */*;q=0.1",
        b"text/plain; charset*=utf-8''%41",
    ]
