"""A graph whose nodes' calls share batches answers as the same graph without batches."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import seldon_runtime
from seldon_runtime.plugin import (
    Call,
    Kind,
    Message,
    Meta,
    Method,
    NeutralCodec,
    Payload,
    SeldonError,
    Settings,
)
from seldon_runtime.testing import WAIT_S, Background, wait_until
from seldon_runtime_batching.batcher import RowBatcher
from seldon_runtime_batching.plugin import seldon_batcher
from tests.parity import graph_nodes

KINDS = ("MODEL", "MODEL", "MODEL", "TRANSFORMER", "OUTPUT_TRANSFORMER", "ROUTER", "COMBINER")
CLASSES = ("Rows", "Rows", "Rows", "Awaits", "Whole", "ReadsMeta", "Wire", "Faulty")
POLICY = Settings(
    {
        "batch_max_size": 8,
        "batch_max_wait_ms": 0.0,
        "batch_preferred_sizes": "",
        "batch_on_error": "split",
        "batch_on_mismatch": "fail",
    }
)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """A graph of one to six nodes, each with a class."""
    count = draw(st.integers(1, 6))
    nodes: list[dict[str, Any]] = []
    for number in range(count):
        kind = draw(st.sampled_from(KINDS))
        bad = {"name": "bad", "value": str(draw(st.sampled_from([3.0, 7.0, -99.0]))), "type": "FLOAT"}
        called = {"name": "name", "value": f"n{number}", "type": "STRING"}
        node = {"name": f"n{number}", "type": kind, "parameters": [called, bad], "children": []}
        if nodes:
            draw(st.sampled_from(nodes))["children"].append(node)
        nodes.append(node)
    for node in nodes:  # a route must exist
        if node["type"] == "ROUTER" and len(node["children"]) == 1:
            node["type"] = "MODEL"
    containers = [
        {"name": node["name"], "env": [{"name": "MODEL_NAME", "value": _class(draw)}]} for node in nodes
    ]
    return {"name": "main", "graph": nodes[0], "componentSpecs": [{"spec": {"containers": containers}}]}


def _class(draw: st.DrawFn) -> str:
    return f"{graph_nodes.__name__}.{draw(st.sampled_from(CLASSES))}"


ARRAYS = hnp.arrays(
    st.sampled_from([np.dtype("f8"), np.dtype("i8")]),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    elements=st.integers(0, 7),
)
REQUESTS = st.builds(
    lambda kind, value, names, tags: Message(
        Payload(kind, value, names[: value.shape[1]]), Meta(tags=tags), {"tags": tags} if tags else None
    ),
    st.sampled_from([Kind.NDARRAY, Kind.TENSOR]),
    ARRAYS,
    st.sampled_from([[], ["a", "b"]]),
    st.sampled_from([{}, {"t": 1}]),
) | st.just(Message(Payload(Kind.STR, "text")))


class Ways:
    """One graph, served with and without batches."""

    def __init__(self, predictor: dict[str, Any], folder: Path, policy: Settings = POLICY) -> None:
        file = folder / "graph.json"
        document = {
            "kind": "SeldonDeployment",
            "metadata": {"name": "d"},
            "spec": {"predictors": [predictor]},
        }
        file.write_text(json.dumps(document))
        self._serving = [seldon_runtime.serve(str(file), port=0) for _ in range(2)]
        self.plain, self.batched = (one._service for one in self._serving)
        batchers = {unit: seldon_batcher(unit, policy) for unit in self.batched.units}
        self.batched.batch({unit: batcher for unit, batcher in batchers.items() if batcher is not None})
        self.sizes: list[int] = []
        for batcher in batchers.values():
            if batcher is not None:
                self._watch(batcher)

    def _watch(self, batcher: RowBatcher) -> None:
        predict = batcher.predict

        def watched(method: Any, requests: Any, ask: Any) -> Any:
            self.sizes.append(len(requests))
            return predict(method, requests, ask)

        batcher.predict = watched  # type: ignore[method-assign]

    def together(self, requests: list[Message]) -> list[Any]:
        """Return the outcomes of requests that wait at the entrance together."""
        opened, entered = threading.Event(), threading.Event()
        root = self.batched.units[0].executor
        root.submit(lambda: entered.set() or opened.wait(WAIT_S))
        assert entered.wait(WAIT_S)
        asked = [Background(lambda r=request: outcome(self.batched, r)) for request in requests]  # type: ignore[misc]
        wait_until(lambda: root.waiting == len(requests), "all requests to wait")
        opened.set()
        return [one.outcome for one in asked]

    def stop(self) -> None:
        for one in self._serving:
            one.stop()


def outcome(service: Any, request: Message) -> Any:
    """Everything that a client can see of an answer, or of an error."""
    payload = request.payload
    assert payload is not None
    value = payload.value.copy() if isinstance(payload.value, np.ndarray) else payload.value
    own = Message(Payload(payload.kind, value, payload.names), request.meta, request.given_meta)
    try:
        answer = service.call(Call(Method.PREDICT, own, NeutralCodec(), "test"))
    except SeldonError as error:
        return type(error), error.code, error.message
    meta = answer.meta
    shown = answer.payload.value
    if isinstance(shown, np.ndarray):
        shown = shown.dtype.str, shown.tolist()
    names = list(answer.payload.names or ())
    return answer.payload.kind, names, shown, dict(meta.tags), dict(meta.request_path), dict(meta.routing)


@given(predictor=graphs(), requests=st.lists(REQUESTS, min_size=2, max_size=8))
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_caller_has_the_answer_of_a_call_alone(
    predictor: dict[str, Any], requests: list[Message], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seldon_runtime_batching.pace._QUICK_S", 0.0)
    ways = Ways(predictor, tmp_path)
    try:
        assert ways.together(requests) == [outcome(ways.plain, request) for request in requests]
    finally:
        ways.stop()


@pytest.mark.parametrize(
    ("classes", "sizes"),
    [
        (("Rows", "Whole", "Awaits"), 12),  # Whole wants no batches
        (("Awaits", "Rows"), 12),
        (("Wire", "Rows"), 6),  # a raw method has each request as it came
        (("ReadsMeta", "Rows"), 12),
    ],
)
def test_the_calls_of_each_node_are_batches_unless_its_class_wants_none(
    classes: tuple[str, ...], sizes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seldon_runtime_batching.pace._QUICK_S", 0.0)
    containers = [
        {"name": f"n{place}", "env": [{"name": "MODEL_NAME", "value": f"{graph_nodes.__name__}.{kind}"}]}
        for place, kind in enumerate(classes)
    ]
    first, *others = ({"name": each["name"]} for each in containers)
    graph = {**first, "children": others[:1]}
    specs = [{"spec": {"containers": containers}}]
    if others[1:]:
        graph["children"] = [{**others[0], "children": others[1:]}]
    ways = Ways({"name": "main", "graph": graph, "componentSpecs": specs}, tmp_path)
    try:
        requests = [Message(Payload(Kind.NDARRAY, np.full((1, 2), float(n)), [])) for n in range(6)]
        assert ways.together(requests) == [outcome(ways.plain, request) for request in requests]
    finally:
        ways.stop()
    assert sum(ways.sizes) == sizes
    if classes[0] != "Wire":
        assert ways.sizes[0] == 6


FAULTS = [
    ("Faulty", "none", "the node 'n1': the component returned None"),
    ("Faulty", "object", "the node 'n1': the component returned object"),
    ("Faulty", "rows", "the node 'n1': predict returned an array of shape [1, 1] for a batch of 4 rows"),
    ("Faulty", "text", "the node 'n1': predict returned no array with rows for a batch of 4 rows"),
    ("Faulty", "raise", "ValueError: no such day"),
    ("Faulty", "refuse", "too warm"),
    ("FaultyLater", "none", "the node 'n1': the component returned None"),
    ("FaultyLater", "rows", "the node 'n1': predict returned an array of shape [1, 1]"),
    ("FaultyLater", "raise", "ValueError: no such day"),
    ("FaultyLists", "none", "the node 'n1': FaultyLists.predict_batch returned NoneType"),
    ("FaultyLists", "text", "the node 'n1': FaultyLists.predict_batch returned str"),
    ("FaultyLists", "refuse", "too warm"),
]


@pytest.mark.parametrize(("kind", "fault", "wanted"), FAULTS)
def test_an_error_of_a_batch_names_its_node_unless_user_code_raised_it(
    kind: str,
    fault: str,
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("seldon_runtime_batching.pace._QUICK_S", 0.0)
    parameters = [
        {"name": "bad", "value": "1.0", "type": "FLOAT"},
        {"name": "fault", "value": fault, "type": "STRING"},
    ]
    graph = {"name": "n0", "children": [{"name": "n1", "parameters": parameters}]}
    containers = [
        {"name": name, "env": [{"name": "MODEL_NAME", "value": f"{graph_nodes.__name__}.{each}"}]}
        for name, each in (("n0", "ReadsMeta"), ("n1", kind))
    ]
    policy = Settings({**POLICY, "batch_on_error": "fail", "batch_max_wait_ms": 1000.0, "batch_max_size": 4})
    predictor = {"name": "main", "graph": graph, "componentSpecs": [{"spec": {"containers": containers}}]}
    ways = Ways(predictor, tmp_path, policy)
    try:
        requests = [Message(Payload(Kind.NDARRAY, np.array([[1.0]]), [])) for _ in range(4)]
        messages = {found[2] for found in ways.together(requests)}
    finally:
        ways.stop()
    assert len(messages) == 1
    assert messages.pop().startswith(wanted.removeprefix("ValueError: "))
    if fault == "raise":
        assert f"predict failed in {kind}.predict (node 'n1')" in caplog.text
