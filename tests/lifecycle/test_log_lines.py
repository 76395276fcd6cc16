"""The lines of a real process' log: each names its request, as text and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from tests.support.components import NOISY

Start = Callable[..., Any]


def test_every_line_of_a_json_log_is_json_and_tells_its_request(seldon_run: Start) -> None:
    process = seldon_run("Noisy", "REST,GRPC", "--log-format", "json", source=NOISY)
    process.post("/predict", {"strData": "hello"}, {"X-Request-Id": "rest-1"})
    failed = process.post("/predict", {"strData": "fail"})
    process.post("/predict", {"strData": "thread"})
    with process.grpc_client() as client:
        client.predict("grpc", metadata=[("x-request-id", "grpc-1")])
    assert process.stop() == 0
    lines = [json.loads(line) for line in process.log.splitlines()]
    by_message = {line["message"]: line for line in lines}
    assert by_message["asked for hello"]["request_id"] == "rest-1"
    assert by_message["asked for grpc"]["request_id"] == "grpc-1"
    (error,) = [line for line in lines if line.get("exception", {}).get("type") == "ValueError"]
    assert error["request_id"] == failed.headers["x-request-id"]
    assert error["exception"]["stack"].endswith("ValueError: two\nlines")
    (critical,) = [line for line in lines if line["level"] == "CRITICAL"]
    assert critical["exception"]["type"] == "ZeroDivisionError"
    assert {line["worker"]["pid"] for line in lines} == {process.process.pid}


def test_a_failed_start_is_a_json_line_too(seldon_run: Start) -> None:
    source = """
        class Broken:
            def load(self):
                raise ValueError("weights are broken")
    """
    process = seldon_run("Broken", "REST", "--log-format", "json", source=source, wait=False)
    assert process.wait() == 3
    last = json.loads(process.log.splitlines()[-1])
    assert last["level"] == "CRITICAL"
    assert last["message"] == "Broken: Broken.load raised ValueError: weights are broken"
    assert 'Broken.py", line 4, in load' in last["exception"]["stack"]


def test_the_access_log_has_the_calls_of_every_transport_and_no_probes(seldon_run: Start) -> None:
    process = seldon_run("Noisy", "REST,GRPC", "--access-log", source=NOISY)
    for path in ("/health/ping", "/health/live", "/health/ready", "/health/status", "/metadata"):
        assert process.get(path).status == 200
    with process.client() as client:
        address = "{}:{}".format(*client.http.sock.getsockname())
        client.post("/api/v1.0/predictions", {"strData": "a"}, {"X-Request-Id": "rest-1"})
        client.post("/predict", {"strData": "fail"})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        client.request("POST", "/predict", b'json={"strData":"a"}', form)  # through Flask
    with process.grpc_client() as client:
        client.call("Seldon/Predict", SeldonMessage(strData="a"))
        with pytest.raises(grpc.RpcError):
            client.call("Seldon/Predict", SeldonMessage(strData="fail"))
    assert process.stop() == 0
    metadata, *lines = re.findall(r"seldon_runtime.access: (.*)", process.log)
    assert " rest /metadata 200, waited " in metadata
    assert [line.partition(", waited")[0] for line in lines[:3]] == [
        f"{address} rest /api/v1.0/predictions 200",
        f"{address} rest /predict 500",
        f"{address} rest /predict 200",
    ]
    assert lines[0].endswith(" [request rest-1]")
    assert [line.partition(" grpc ")[2].partition(", waited")[0] for line in lines[3:]] == [
        "/seldon.protos.Seldon/Predict OK",
        "/seldon.protos.Seldon/Predict INTERNAL",
    ]
