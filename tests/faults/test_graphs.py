"""Graphs under load and with nodes that fail: ended, killed, reloaded, hung, over REST and gRPC."""

from __future__ import annotations

import json
import os
import re
import signal
import textwrap
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.support.components import HOST

Start = Callable[..., Any]
BOTH = pytest.mark.parametrize("transport", ["rest", "grpc"])
FAULTY = """
    import os, time

    class Faulty:
        def predict(self, X, features_names):
            if X == "raise":
                raise ValueError("no such day")
            if X == "hang":
                time.sleep(1000)
            if X == "exit":
                os._exit(7)
            return X
"""


@pytest.fixture
def graph(tmp_path: Path) -> Callable[..., str]:
    """``graph(class)``: the file of two branches, one of them a chain, whose nodes are of that class."""

    def graph(name: str, source: str, **annotations: str) -> str:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        nodes = ("both", "first", "second", "beside")
        env = [{"name": "MODEL_NAME", "value": name}]
        chain = {"name": "first", "type": "MODEL", "children": [{"name": "second", "type": "MODEL"}]}
        root = {"name": "both", "methods": [], "children": [chain, {"name": "beside", "type": "MODEL"}]}
        containers = [{"name": node, "image": f"{node}:1", "env": env} for node in nodes]
        predictor = {
            "name": "main",
            "graph": root,
            "componentSpecs": [{"spec": {"containers": containers}}],
            "annotations": {
                f"seldon.io/{key.replace('_', '-')}": value for key, value in annotations.items()
            },
        }
        document = {
            "kind": "SeldonDeployment",
            "metadata": {"name": "g"},
            "spec": {"predictors": [predictor]},
        }
        (tmp_path / "graph.json").write_text(json.dumps(document))
        return "graph.json"

    return graph


@BOTH
def test_a_reload_of_workers_under_load_fails_no_call(
    seldon_run: Start, load: Start, graph: Any, transport: str
) -> None:
    soon = ("--grpc-max-connection-age", "0.5", "--http-max-connection-age", "0.5")
    server = seldon_run(graph("Host", HOST), "REST,GRPC", "--workers", "2", *soon)
    clients = load(server, transport)
    clients.wait_for_processes(1)
    old = frozenset(re.findall(r"process (\d+)\) is ready", server.log))
    server.process.send_signal(signal.SIGHUP)
    for process in old:
        server.wait_for_log(rf"process {process}\) ended with status 0")
    clients.wait_for_processes(1, other_than=old)
    clients.stop()
    assert clients.failures == []


@BOTH
def test_a_stop_under_load_answers_every_accepted_call(
    seldon_run: Start, load: Start, graph: Any, transport: str
) -> None:
    server = seldon_run(graph("Host", HOST), "REST,GRPC")
    clients = load(server, transport)
    clients.wait_for_answers()
    server.terminate()
    assert server.wait() == 0
    clients.stop()
    refused = "ConnectionRefused|ConnectionReset|RemoteDisconnected|UNAVAILABLE|Cannot|503"
    assert [each for each in clients.failures if not re.search(refused, each)] == []
    assert "Traceback" not in server.log


def test_a_node_that_raises_is_a_500_and_the_graph_goes_on(seldon_run: Start, graph: Any) -> None:
    server = seldon_run(graph("Faulty", FAULTY), "REST")
    failed = server.post("/predict", {"strData": "raise"})
    assert (failed.status, failed.info) == (500, "no such day")
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "x"
    server.wait_for_log("ValueError: no such day")
    assert server.stop() == 0
    assert server.log.count("ValueError: no such day") == 1


def test_a_node_that_hangs_is_a_504_with_its_name_and_its_worker_is_replaced(
    seldon_run: Start, graph: Any
) -> None:
    file = graph("Faulty", FAULTY, rest_timeout="300")
    server = seldon_run(file, "REST", "--workers", "2", "--hang-timeout", "2", "--grace", "1")
    failed = server.post("/predict", {"strData": "hang"})
    assert failed.status == 504
    assert re.fullmatch(r"the node '(first|beside)' did not answer within 0.3 s", failed.info)
    server.wait_for_log(r"has been running for more than 2 s(?s:.*) is ready")
    server.wait_for_log(r"ended with status 1")  # when its grace period is over, since the call still runs
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "x"


def test_a_node_that_ends_the_process_costs_the_calls_of_its_worker(
    seldon_run: Start, load: Start, graph: Any
) -> None:
    server = seldon_run(graph("Faulty", FAULTY), "REST", "--workers", "2")
    with pytest.raises((OSError, HTTPException)):
        server.post("/predict", {"strData": "exit"})
    ended = server.wait_for_log(r"process (\d+)\) ended with status 7")[1]
    server.wait_for_log(rf"process {ended}\) ended with status 7(?s:.*)process (\d+)\) is ready")
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "x"


def test_only_calls_of_a_killed_worker_fail(seldon_run: Start, load: Start, graph: Any) -> None:
    soon = ("--http-max-connection-age", "0.5")
    server = seldon_run(graph("Host", HOST), "REST", "--workers", "2", *soon)
    clients = load(server, "rest")
    victim = min(clients.wait_for_processes(2))
    os.kill(int(victim), signal.SIGKILL)
    server.wait_for_log(rf"process {victim}\) was ended by SIGKILL(?s:.*)process (\d+)\) is ready")
    clients.wait_for_answers()
    clients.stop()
    assert len(clients.failures) <= 8, clients.failures


def test_a_changed_file_is_served_after_its_reload(seldon_run: Start, graph: Any, tmp_path: Path) -> None:
    file = graph("Faulty", FAULTY)
    server = seldon_run(file, "REST", "--reload")
    server.wait_for_log(r"worker 0 .* is ready")
    first = server.post("/predict", {"strData": "x"}).json["meta"]["routing"]
    assert set(first) == {"both", "first", "second", "beside"}
    text = (tmp_path / file).read_text()
    (tmp_path / file).write_text(text.replace('"second"', '"renamed"'))
    server.wait_for_log(r"is ready(?s:.*)is ready(?s:.*)ended with status 0")
    assert "renamed" in server.post("/predict", {"strData": "x"}).json["meta"]["routing"]
