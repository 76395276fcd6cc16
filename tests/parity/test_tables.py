"""The same table by every protocol and form reaches a method with a DataFrame the same."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.plugin import Limits
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing.served import run_call
from seldon_runtime_grpc.calls import GrpcCodec
from seldon_runtime_grpc.messages import SeldonMessage
from seldon_runtime_rest.media.codec import MediaCodec
from seldon_runtime_rest.media.formats import FORMATS
from seldon_runtime_rest.v1.codec import RestCodec
from seldon_runtime_rest.v1.json_text import dumper
from seldon_runtime_v2.grpc.codec import InferCodec as GrpcInfer
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec as RestInfer
from seldon_runtime_v2.rest.heads import Heads as RestHeads

LIMITS = Limits()
Table = dict[str, list[Any]]
_DATATYPES = {int: "INT64", float: "FP64", bool: "BOOL", str: "BYTES"}
_BINARY = {int: "<i8", float: "<f8", bool: "?"}


class Frames:
    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        self.seen = X
        return X


USER = Frames()
ADAPTER = ComponentAdapter(USER)
MODEL = ServedModel(ComponentService(Unit(ADAPTER, Executor(), user=USER)), "m")
REST_HEADS = RestHeads(MODEL, LIMITS)


def answer(wire: Any, codec: Any) -> Any:
    return run_call(ADAPTER, Call(Method.PREDICT, wire, codec, "test"))


def by_names(table: Table) -> Any:
    rows = [list(row) for row in zip(*table.values(), strict=True)]
    body = {"data": {"names": list(table), "ndarray": rows}}
    return json.loads(answer(json.dumps(body).encode(), RestCodec(LIMITS, dumper())).body)["data"]


def by_records(table: Table) -> Any:
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return json.loads(answer(json.dumps({"jsonData": rows}).encode(), RestCodec(LIMITS, dumper())).body)[
        "data"
    ]


def by_grpc(table: Table) -> Any:
    rows = [list(row) for row in zip(*table.values(), strict=True)]
    message = ParseDict({"data": {"names": list(table), "ndarray": rows}}, SeldonMessage())
    answer(message.SerializeToString(), GrpcCodec(LIMITS))
    return None


def _inputs(table: Table) -> list[dict[str, Any]]:
    return [
        {"name": name, "datatype": _DATATYPES[type(values[0])], "shape": [len(values)]}
        for name, values in table.items()
    ]


def by_v2_json(table: Table) -> Any:
    inputs = [{**each, "data": table[each["name"]]} for each in _inputs(table)]
    answer(json.dumps({"inputs": inputs}).encode(), RestInfer(MODEL, LIMITS, REST_HEADS, None))
    return None


def by_v2_binary(table: Table) -> Any:
    blobs, inputs = [], []
    for each in _inputs(table):
        values = table[each["name"]]
        if each["datatype"] == "BYTES":
            words = [word.encode() for word in values]
            blob = b"".join(len(word).to_bytes(4, "little") + word for word in words)
        else:
            blob = np.array(values, _BINARY[type(values[0])]).tobytes()
        blobs.append(blob)
        inputs.append({**each, "parameters": {"binary_data_size": len(blob)}})
    head = json.dumps({"inputs": inputs}).encode()
    answer(head + b"".join(blobs), RestInfer(MODEL, LIMITS, REST_HEADS, len(head)))
    return None


def by_v2_grpc(table: Table) -> Any:
    fields = {"INT64": "int64_contents", "FP64": "fp64_contents", "BOOL": "bool_contents"}
    request = ModelInferRequest(model_name="m")
    for each in _inputs(table):
        values = table[each["name"]]
        tensor = request.inputs.add(name=each["name"], datatype=each["datatype"], shape=each["shape"])
        if each["datatype"] == "BYTES":
            tensor.contents.bytes_contents.extend([word.encode() for word in values])
        else:
            getattr(tensor.contents, fields[each["datatype"]]).extend(values)
    answer(request.SerializeToString(), GrpcInfer(MODEL, LIMITS, Heads(MODEL)))
    return None


def by_arrow(table: Table) -> Any:
    pa = pytest.importorskip("pyarrow")
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.table(table).schema) as writer:
        writer.write_table(pa.table(table))
    arrow = next(each for each in FORMATS if each.needs == "pyarrow")
    codec = MediaCodec(LIMITS, dumper(), arrow, {}, (arrow,), takes_columns=True)
    found = pa.ipc.open_stream(answer(sink.getvalue().to_pybytes(), codec).body).read_all()
    assert found.to_pydict() == table
    return None


def by_csv(table: Table) -> Any:
    csv = next(each for each in FORMATS if each.media_type == "text/csv")
    body = pd.DataFrame(table).to_csv(index=False).encode()
    codec = MediaCodec(LIMITS, dumper(), csv, {}, (None,), takes_columns=True)
    return json.loads(answer(body, codec).body)["data"]


WAYS: list[Callable[[Table], Any]] = [
    *(by_names, by_records, by_grpc, by_v2_json, by_v2_binary, by_v2_grpc, by_csv),
    *([by_arrow] if importlib.util.find_spec("pyarrow") else []),
]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Return columns of one type each; whole numbers stay within 53 bits, since protobuf's are floats."""
    count = draw(st.integers(1, 4))
    kinds = {
        "whole": st.integers(-(2**53), 2**53),
        "part": st.floats(-1e6, 1e6).filter(lambda value: not value.is_integer()),
        "flag": st.booleans(),
        "text": st.text("abcxyz äß", min_size=1, max_size=4).map(lambda word: f"w{word}"),
    }
    names = draw(st.lists(st.sampled_from(list(kinds)), min_size=2, max_size=4, unique=True))
    return {name: draw(st.lists(kinds[name], min_size=count, max_size=count)) for name in names}


@settings(max_examples=30)
@given(tables())
def test_a_table_is_received_alike_and_answered_alike(table: Table) -> None:
    rows = [list(row) for row in zip(*table.values(), strict=True)]
    for way in WAYS:
        data = way(table)
        assert USER.seen.to_dict("list") == table, way.__name__
        if data is not None:
            assert data["names"] == list(table)
            values = data["tensor"]["values"] if "tensor" in data else data["ndarray"]
            flat = [value for row in rows for value in row] if "tensor" in data else rows
            assert values == flat, way.__name__


@settings(max_examples=30)
@given(tables())
def test_the_columns_keep_their_types(table: Table) -> None:
    kinds = {"whole": "i", "part": "f", "flag": "b"}
    for way in WAYS:
        if way in (by_grpc, by_names):  # numbers are all floats, or all of the type that holds them
            continue
        way(table)
        found = {name: column.dtype.kind for name, column in USER.seen.items() if name in kinds}
        assert found == {name: kind for name, kind in kinds.items() if name in table}, way.__name__
