"""Small requests that would take hundreds of times their size, in a process whose memory is limited."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from seldon_runtime.testing import Process, wait_until
from seldon_runtime.testing.processes import Starter
from seldon_runtime_grpc.v1.wire import head
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import JSON_TYPE, HttpClient
from tests.support.raw_socket import RawSocket

MIB = 1024 * 1024
FREE_MIB = 400
CLIENTS = 4
LIMITED = f"""
    import resource

    class Limited:
        def __init__(self):
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            limit = used + {FREE_MIB} * 1024 * 1024
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        def predict(self, X, features_names):
            return X if isinstance(X, str) else len(X)
"""
"""What ``ulimit -v`` does, at the same distance from what any interpreter and its libraries take."""
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}
"""Each further one would reserve 64 MiB of addresses, used or not."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODY = b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def field(number: int, data: bytes) -> bytes:
    return head(number, len(data)) + data


def listed(item: bytes, mib: int) -> bytes:
    return item * (mib * MIB // len(item)) + item[:-1]


REST = {
    "empty lists": (b'{"jsonData":[' + listed(b"[],", 8) + b"]}", JSON_TYPE),
    "rows without numbers": (b'{"data":{"ndarray":[' + listed(b"[null],", 8) + b"]}}", JSON_TYPE),
    "objects in names": (b'{"data":{"ndarray":[1],"names":[' + listed(b"{},", 8) + b"]}}", JSON_TYPE),
    "form fields": (b"a&" * (4 * MIB), FORM),
    "an escaped form": (b"json=" + b"%5B%5D%2C" * (MIB // 2), FORM),
    "a long text beside numbers": (
        b'{"data":{"ndarray":[' + listed(b"1,", 1) + b',"' + b"a" * 500 + b'"]}}',
        JSON_TYPE,
    ),
    "texts beside a number": (b'{"data":{"ndarray":[1.5,' + listed(b'"ab",', 8) + b"]}}", JSON_TYPE),
}
GRPC = {
    "metrics": field(5, b"x") + field(2, b"\x2a\x00" * (3 * MIB // 2)),
    "dimensions": field(3, field(4, b"\x08\x01" + field(2, b"\x12\x00" * (4 * MIB)))),
    "values": field(3, field(3, b"\x0a\x00" * (4 * MIB))),
    "structs in a struct": field(6, field(6, b"\x0a\x02\x2a\x00" * (2 * MIB))),
    "a shape": field(3, field(2, field(1, b"\x01" * (8 * MIB)))),
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, process_type: type[Process]) -> Iterator[Any]:
    """A server that may take ``FREE_MIB`` more than it has when its class is loaded."""
    starter = Starter(tmp_path_factory.mktemp("limited"), process_type)
    yield starter("Limited", "REST,GRPC", source=LIMITED, env=ONE_ARENA)
    starter.end()


def assert_serves(server: Any) -> None:
    assert server.get("/health/live").status == 200
    assert server.post("/predict", {"strData": "still here"}).json["strData"] == "still here"
    with GrpcClient(server.ports["grpc"]) as client:
        assert client.predict("still here") == "still here"
    assert server.process.poll() is None


@pytest.mark.parametrize("attack", REST)
def test_requests_over_rest_are_refused_before_they_take_memory(limited: Any, attack: str) -> None:
    body, headers = REST[attack]

    def ask(_: int) -> tuple[int, bytes]:
        with HttpClient(limited.port).connect() as client:
            answer = client.request("POST", "/predict", body, headers)
            return answer.status, answer.body

    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(ask, range(CLIENTS)))
    assert {status for status, _ in answers} <= {413, 503}
    assert all(re.search(rb"SELDON_M(AX_REQUEST_MEMORY|EMORY_BUDGET)", text) for _, text in answers)
    assert_serves(limited)


@pytest.mark.parametrize("attack", GRPC)
def test_messages_over_grpc_are_refused_before_they_take_memory(limited: Any, attack: str) -> None:
    def ask(_: int) -> tuple[grpc.StatusCode, str]:
        with GrpcClient(limited.ports["grpc"]) as client, pytest.raises(grpc.RpcError) as caught:
            client.call_raw("seldon.protos.Model/Predict", GRPC[attack])
        return caught.value.code(), caught.value.details()

    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(ask, range(CLIENTS)))
    assert {code for code, _ in answers} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(re.search("SELDON_M(AX_REQUEST_MEMORY|EMORY_BUDGET)", details) for _, details in answers)
    assert_serves(limited)


def test_more_bodies_than_there_is_memory_for_are_refused_and_health_answers(limited: Any) -> None:
    """Each of them lacks a byte, so those that are taken stay."""
    size = 20 * MIB
    senders = [RawSocket(limited.port) for _ in range(FREE_MIB // 20)]
    with ThreadPoolExecutor(len(senders)) as threads:
        list(threads.map(lambda sender: sender.send(BODY % (size + 1), b" " * size), senders))
    assert_serves(limited)
    wait_until(lambda: any(sender.is_readable(0) for sender in senders), "a body to be refused")
    answered = [sender for sender in senders if sender.is_readable(0)]
    assert all(sender.until(b"\r\n\r\n").startswith(b"HTTP/1.1 503 ") for sender in answered)
    assert len(answered) < len(senders)
    for sender in senders:
        sender.close()
    assert_serves(limited)


def test_uploads_that_are_broken_off_leave_nothing(seldon_run: Callable[..., Any]) -> None:
    """Without the garbage collector, for five times the budget. Fails when they stay: it is full then."""
    source = LIMITED.replace(
        "def __init__(self):", "def __init__(self):\n            __import__('gc').disable()"
    )
    server = seldon_run("Limited", "REST", source=source, env=ONE_ARENA)
    size = 8 * MIB
    for _ in range(5 * FREE_MIB // 2 // (8 * 5)):
        senders = [RawSocket(server.port).send(BODY % (size + 1), b" " * size) for _ in range(5)]
        for sender in senders:
            sender.close()
    text = "x" * MIB

    def serves() -> bool:
        answer = server.post("/predict", {"strData": text})
        return answer.status == 200 and answer.json["strData"] == text

    wait_until(serves, "the last uploads to be given up")
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    assert int(re.search(r"VmRSS:\s+(\d+)", status)[1]) < FREE_MIB * 1024  # type: ignore[index]
