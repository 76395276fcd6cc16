"""Batches in a real process: calls of every transport share them, and none is lost at the end."""

from __future__ import annotations

import re
import textwrap
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import Gate, wait_until
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from tests.support.process import ServedProcess

SOURCE = """
    class Sizes:
        def predict(self, X, names):
            if isinstance(X, str):
                {0}
                return "done"
            return [[len(X), row[0]] for row in X.tolist()]
"""
WORDS = ("--extension", "batching", "--metrics", "prometheus", "--metrics-port", "0")
CALLS = 6


def ndarray(process: ServedProcess, number: float) -> Any:
    return process.post("/predict", {"data": {"ndarray": [[number, 0.0]]}}).json["data"]["ndarray"]


def series(process: ServedProcess, name: str) -> float:
    """The value of a series on the page of metrics."""
    with process.client("metrics") as client:
        page = client.get("/metrics/all").body.decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.M)
    assert found is not None, page
    return float(found[1])


def hold(process: ServedProcess, gate: Gate, pool: ThreadPoolExecutor) -> Future[Any]:
    """Keep the component busy until the gate opens; return the call that does."""
    held = pool.submit(process.post, "/predict", {"strData": "hold"})
    gate.wait_until_reached()
    return held


def test_calls_that_wait_share_a_batch_whatever_their_transport(seldon_run: Any, gate: Gate) -> None:
    process = seldon_run("Sizes", "REST,GRPC", *WORDS, source=SOURCE.format(gate.pass_))
    request, expected = SeldonMessage(), SeldonMessage()
    request.data.ndarray.append([7.0, 0.0])
    expected.data.ndarray.append([CALLS + 1, 7])
    with ThreadPoolExecutor(CALLS + 1) as pool, process.grpc_client() as client:
        held = hold(process, gate, pool)
        by_rest = [pool.submit(ndarray, process, number) for number in range(CALLS)]
        by_grpc = client.begin("Model/Predict", request)
        wait_until(lambda: series(process, "seldon_runtime_queue_length") == CALLS + 1, "all calls wait")
        gate.open()
        assert held.result().json["strData"] == "done"
        assert [one.result() for one in by_rest] == [[[CALLS + 1, number]] for number in range(CALLS)]
        assert by_grpc.result().data.ndarray == expected.data.ndarray
    assert series(process, 'seldon_runtime_batch_calls_sum{method="predict",model_name=""}') == CALLS + 2
    assert series(process, 'seldon_runtime_batch_calls_count{method="predict",model_name=""}') == 2
    assert series(process, 'seldon_runtime_batch_wait_seconds_count{method="predict",model_name=""}') == 2


def test_a_batch_that_waits_for_more_is_answered_at_the_end(seldon_run: Any, gate: Gate) -> None:
    words = (*WORDS, "--batch-max-wait-ms", "60000", "--batch-max-size", str(CALLS + 1))
    process = seldon_run("Sizes", "REST", *words, source=SOURCE.format("pass"))
    with ThreadPoolExecutor(CALLS + 1) as pool:
        waiting = [pool.submit(ndarray, process, number) for number in range(CALLS)]
        wait_until(lambda: series(process, "seldon_runtime_queue_length") == CALLS - 1, "all calls wait")
        process.terminate()
        assert [one.result() for one in waiting] == [[[CALLS, number]] for number in range(CALLS)]
    assert process.wait() == 0


GRAPH = """
    kind: SeldonDeployment
    metadata: {{name: sums}}
    spec:
      predictors:
      - name: main
        graph:
          name: first
          type: TRANSFORMER
          children:
          - {{name: second, type: MODEL}}
        componentSpecs:
        - spec:
            containers:
            - {{name: first, env: [{{name: MODEL_NAME, value: Sizes.First}}]}}
            - {{name: second, env: [{{name: MODEL_NAME, value: Sizes.{0}}}]}}
"""
NODES = """
    class First:
        def transform_input(self, X, names):
            if isinstance(X, str):
                {0}
            return X


    class Second:
        def predict(self, X, names):
            return "done" if isinstance(X, str) else [[len(X), row[0]] for row in X.tolist()]


    class Ordered(Second):
        batchable = False


    class Both:
        async def predict(self, X, names):
            return X

        def predict_batch(self, requests):
            return [request.data for request in requests]
"""


def serve_graph(
    seldon_run: Any, folder: Path, gate: str, second: str, *words: str, nodes: str = NODES, **options: Any
) -> Any:
    (folder / "sums.yaml").write_text(textwrap.dedent(GRAPH.format(second)))
    (folder / "Sizes.py").write_text(textwrap.dedent(nodes.format(gate)))
    return seldon_run("sums.yaml", "REST,GRPC", *WORDS, *words, folder=folder, **options)


@pytest.mark.parametrize(("second", "largest"), [("Second", CALLS + 1), ("Ordered", 1)])
def test_the_calls_of_a_graph_share_batches_at_each_node(
    seldon_run: Any, gate: Gate, tmp_path: Path, second: str, largest: int
) -> None:
    process = serve_graph(seldon_run, tmp_path, gate.pass_, second)
    request = SeldonMessage()
    request.data.ndarray.append([7.0, 0.0])
    with ThreadPoolExecutor(CALLS + 1) as pool, process.grpc_client() as client:
        held = hold(process, gate, pool)
        by_rest = [pool.submit(ndarray, process, number) for number in range(CALLS)]
        by_grpc = client.begin("Seldon/Predict", request)
        wait_until(lambda: series(process, "seldon_runtime_queue_length") == CALLS + 1, "all calls wait")
        gate.open()
        assert held.result().json["strData"] == "done"
        answers = [*(one.result()[0] for one in by_rest), list(by_grpc.result().data.ndarray[0])]
    assert [row[1] for row in answers] == [*range(CALLS), 7]
    assert max(row[0] for row in answers) <= largest
    name = 'seldon_runtime_batch_calls_{0}{{method="inputtransform",model_name="first"}}'
    assert series(process, name.format("sum")) == CALLS + 2
    assert series(process, name.format("count")) == 2


def test_a_node_that_cannot_be_batched_stops_the_start_and_is_named(seldon_run: Any, tmp_path: Path) -> None:
    process = serve_graph(seldon_run, tmp_path, "pass", "Both", wait=False)
    assert process.wait() == 3
    assert "second: Both has predict_batch and async methods, expected one of them" in process.log


def test_a_batch_of_a_node_that_waits_for_more_is_answered_at_the_end(
    seldon_run: Any, tmp_path: Path
) -> None:
    words = ("--batch-max-wait-ms", "60000", "--batch-max-size", str(CALLS + 1))
    alone = NODES.replace("class First:", "class First:\n        batchable = False\n")  # where calls begin
    process = serve_graph(seldon_run, tmp_path, "pass", "Second", *words, nodes=alone)
    with ThreadPoolExecutor(CALLS + 1) as pool:
        waiting = [pool.submit(ndarray, process, number) for number in range(CALLS)]
        wait_until(lambda: series(process, "seldon_runtime_queue_length") == CALLS - 1, "all calls wait")
        process.terminate()
        assert [one.result()[0][1] for one in waiting] == list(range(CALLS))
    assert process.wait() == 0
