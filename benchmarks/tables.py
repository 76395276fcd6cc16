"""The section that measures a table of mixed columns on its way to a method with a DataFrame and back."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import orjson

from benchmarks import load
from benchmarks.measuring import Finding, Plan, all_running, alternating
from benchmarks.running import Running
from benchmarks.servers import PROGRAMS, Server, ours

_ROWS, _COLUMNS = 1000, 20
_CONNECTIONS = 4
_ARROW = "application/vnd.apache.arrow.stream"
_HEADER = "Inference-Header-Content-Length"
_WITHOUT_BARE = ("seldon, V2 binary",)
"""Requests that no library but a client's reads."""
_DATATYPES = {"f": "FP64", "i": "INT64", "b": "BOOL", "O": "BYTES"}


def tables(plan: Plan) -> Iterator[Finding]:
    """Measure calls with a table: as records, as V2's JSON and binary data, and as Arrow."""
    columns = mixed_columns()
    own = own_servers(columns)
    servers = [
        *own,
        *(bare_server(server) for server in own if server.name not in _WITHOUT_BARE),
        *(_peer(server, columns) for server in plan.peers if server.name == "mlserver"),
    ]
    for server in servers:  # one after the other: none takes the memory of another one's caches
        with all_running(plan, [server]) as (started,):
            subjects = {server.name: partial(_rate, plan, started)}
            yield from alternating(plan, "tables", f"{_ROWS} x {_COLUMNS} mixed columns", subjects)


def own_servers(columns: Mapping[str, Any]) -> list[Server]:
    """Return this runtime with each form of the request."""
    return [
        _own("seldon, JSON records", "/predict", _records(columns)),
        _own("seldon, V2 JSON", "/v2/models/Table/infer", _v2_json(columns)),
        _binary(columns),
        *([_arrow(columns)] if importlib.util.find_spec("pyarrow") else []),
    ]


def _rate(plan: Plan, server: Running) -> Mapping[str, float]:
    found = load.rest(server, plan.load_processor, _CONNECTIONS, plan.seconds)
    return {"calls/s": found.rate, "ms of processor per call": found.processor_us / 1000}


def mixed_columns() -> dict[str, Any]:
    """Return columns of numbers with fractions, of whole numbers, of texts and of booleans."""
    random = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    for index in range(0, _COLUMNS, 4):
        columns[f"column_{index}"] = random.random(_ROWS)
        columns[f"column_{index + 1}"] = random.integers(0, 1_000_000, _ROWS)
        words = [f"word {number}" for number in random.integers(0, 100, _ROWS)]
        columns[f"column_{index + 2}"] = np.array(words, object)
        columns[f"column_{index + 3}"] = random.random(_ROWS) < 0.5
    return columns


def _own(name: str, path: str, body: bytes) -> Server:
    server = ours("REST", SELDON_PROTOCOLS="v1,v2")
    words = tuple("Table" if word == "Identity" else word for word in server.command)
    files = {"Table.py": (PROGRAMS / "Table.py").read_text()}
    return replace(server, name=name, command=words, files=files, path=path, body=body)


def _records(columns: Mapping[str, Any]) -> bytes:
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return orjson.dumps({"jsonData": [dict(zip(columns, row, strict=True)) for row in rows]})


def _inputs(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "shape": [_ROWS, 1], "datatype": _DATATYPES[column.dtype.kind]}
        for name, column in columns.items()
    ]


def _v2_json(columns: Mapping[str, Any]) -> bytes:
    pairs = zip(_inputs(columns), columns.values(), strict=True)
    inputs = [{**described, "data": column.tolist()} for described, column in pairs]
    for described in inputs:
        if described["datatype"] == "BYTES":
            described["parameters"] = {"content_type": "str"}
    return orjson.dumps({"parameters": {"content_type": "pd"}, "inputs": inputs})


def _binary(columns: Mapping[str, Any]) -> Server:
    blobs = [
        b"".join(len(word).to_bytes(4, "little") + word.encode() for word in column)
        if column.dtype.kind == "O"
        else column.tobytes()
        for column in columns.values()
    ]
    pairs = zip(_inputs(columns), blobs, strict=True)
    inputs = [{**described, "parameters": {"binary_data_size": len(blob)}} for described, blob in pairs]
    head = orjson.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}})
    server = _own("seldon, V2 binary", "/v2/models/Table/infer", head + b"".join(blobs))
    headers = {"Content-Type": "application/octet-stream", _HEADER: str(len(head))}
    return replace(server, headers=headers)


def _arrow(columns: Mapping[str, Any]) -> Server:
    pyarrow = importlib.import_module("pyarrow")  # an optional library
    table = pyarrow.table({name: pyarrow.array(column) for name, column in columns.items()})
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    server = _own("seldon, Arrow", "/predict", sink.getvalue().to_pybytes())
    return replace(server, headers={"Content-Type": _ARROW, "Accept": _ARROW})


def bare_server(server: Server) -> Server:
    """Return the bare server for the request of another server."""
    command = (sys.executable, str(PROGRAMS / "bare_table.py"), "{http}")
    name = server.name.replace("seldon", "bare")
    return replace(server, name=name, command=command, environment={}, files={})


def _peer(server: Server, columns: Mapping[str, Any]) -> Server:
    model = {"name": "table", "implementation": "mlserver_table.Table"}
    files = {
        "settings.json": server.files["settings.json"],
        "model-settings.json": json.dumps(model),
        "mlserver_table.py": (PROGRAMS / "mlserver_table.py").read_text(),
    }
    path = "/v2/models/table/infer"
    return replace(server, name="mlserver, V2 JSON", files=files, path=path, body=_v2_json(columns))
