"""Streams under faults, over REST and gRPC, with one process and with two workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from seldon_runtime.testing import WAIT_S, Gate, wait_until
from seldon_runtime_grpc.messages import SeldonMessage
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import HttpClient

SOURCE = """
    class Yields:
        def predict(self, X, names):
            try:
                for character in X:
                    if character == "!":
                        raise ValueError("no more")
                    if character == "_":
                        {gate}
                    while character == "*":
                        yield "x" * 65536
                    yield character
            finally:
                print("closed", flush=True)
"""
JSON = {"Content-Type": "application/json", "Accept": "application/x-ndjson"}
Open = Callable[[Any, str], Iterator[str]]


def over_rest(server: Any, text: str) -> Iterator[str]:
    """Yield the texts of a stream, an error as its reason."""
    client = HttpClient(server.ports["rest"])
    try:
        client.begin("POST", "/predict", json.dumps({"strData": text}).encode(), JSON)
        response = client.http.getresponse()
        while line := response.readline():
            message = json.loads(line)
            yield message["status"]["reason"] if "status" in message else message["strData"]
    finally:
        client.close()


def over_grpc(server: Any, text: str) -> Iterator[str]:
    """Yield the texts of a stream, an error as its status."""
    with GrpcClient(server.ports["grpc"]) as client:
        call = client.channel.unary_stream(
            "/seldon.protos.Model/PredictStream", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )(SeldonMessage(strData=text), timeout=WAIT_S)
        try:
            for message in call:
                yield message.strData
        except grpc.RpcError as error:
            yield error.code().name
        finally:
            call.cancel()


EACH = pytest.mark.parametrize(("opened", "workers"), [(over_rest, "1"), (over_grpc, "1"), (over_rest, "2")])


@pytest.fixture
def start(seldon_run: Callable[..., Any], gate: Gate) -> Callable[..., Any]:
    """``start(workers, *words)``: a server whose generator waits at the gate for ``_``."""

    def start(workers: str, *words: str) -> Any:
        source = SOURCE.replace("{gate}", gate.pass_)
        return seldon_run("Yields", "REST,GRPC", "--workers", workers, *words, source=source)

    return start


@EACH
def test_sigterm_finishes_a_stream(start: Any, gate: Gate, opened: Open, workers: str) -> None:
    server = start(workers)
    items = opened(server, "a_b")
    assert next(items) == "a"
    gate.wait_until_reached()
    server.terminate()
    wait_until(lambda: "draining" in server.log, "the drain to begin")
    gate.open()
    assert list(items) == ["_", "b"]
    assert server.wait() == 0


@pytest.mark.parametrize(
    ("opened", "reasons"),
    [(over_rest, {"MICROSERVICE_UNAVAILABLE"}), (over_grpc, {"UNAVAILABLE", "CANCELLED"})],
)
def test_beyond_the_grace_period_a_stream_ends_with_an_error(
    start: Any, opened: Open, reasons: set[str]
) -> None:
    server = start("1", "--grace", "1")
    items = opened(server, "ab*")
    assert next(items) == "a"
    server.terminate()
    assert list(items)[-1] in reasons
    server.wait()


@EACH
def test_a_component_that_raises_at_an_item_ends_the_stream_and_serves_on(
    start: Any, opened: Open, workers: str
) -> None:
    server = start(workers)
    assert list(opened(server, "ab!")) in (["a", "b", "MICROSERVICE_INTERNAL_ERROR"], ["a", "b", "INTERNAL"])
    assert list(opened(server, "c")) == ["c"]


@EACH
def test_clients_that_stop_and_disconnect_hold_no_other_call(start: Any, opened: Open, workers: str) -> None:
    server = start(workers)
    slow = [opened(server, "*") for _ in range(3)]
    for items in slow:
        next(items)
    assert list(opened(server, "abc")) == ["a", "b", "c"]
    for items in slow:
        items.close()  # type: ignore[attr-defined]
    wait_until(lambda: server.log.count("closed") == 4, "the generators to be closed")
