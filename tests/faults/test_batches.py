"""Batches under faults, over REST and gRPC, with one process and with two workers."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import grpc
import pytest

from seldon_runtime.testing import Background, wait_until
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import JSON_TYPE, NO_RESPONSE
from tests.support.ways import Way

SOURCE = """
    import os, time

    def say(*words):  # at once, so that no other worker's line comes between
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())

    class Sizes:
        def predict(self, X, names):
            if isinstance(X, str):
                say("held", os.getpid())
                while not os.path.exists({flag!r}):
                    time.sleep(0.005)
                return X
            say("batch", os.getpid(), X[:, 0].tolist())
            if 13 in X:
                raise ValueError("an unlucky number")
            while 99 in X:
                time.sleep(0.005)
            return [[len(X), row[0]] for row in X.tolist()]
"""
"""Answers rows with the size of their batch; 13 fails, 99 hangs, and a text holds the component."""
WORDS = ("--extension", "batching", "--metrics", "prometheus", "--metrics-port", "0")
FAILED = {"MICROSERVICE_INTERNAL_ERROR", "INTERNAL"}
REFUSED = {"MICROSERVICE_OVERLOADED", "RESOURCE_EXHAUSTED"}
LOST = {"lost", "UNAVAILABLE", "MICROSERVICE_UNAVAILABLE", "CANCELLED"}
NUMBERS = range(1, 7)
Outcome = tuple[float, float] | str


def ask_rest(server: Any, number: float | None = None) -> Outcome:
    """Return the answer to one row, or to a text, over a connection of its own; or the error's reason."""
    value = {"strData": "hold"} if number is None else {"data": {"ndarray": [[number]]}}
    try:
        answer = server.post("/predict", value).json
    except NO_RESPONSE:
        return "lost"
    if "strData" in answer or "status" in answer:
        return answer["strData"] if "strData" in answer else answer["status"]["reason"]  # type: ignore[no-any-return]
    return tuple(answer["data"]["ndarray"][0])


def request_of(number: float | None) -> SeldonMessage:
    message = SeldonMessage(strData="hold") if number is None else SeldonMessage()
    if number is not None:
        message.data.ndarray.append([number])
    return message


def ask_grpc(server: Any, number: float | None = None) -> Outcome:
    """Do the same over gRPC."""
    with server.grpc_client() as client:
        try:
            answer = client.call("Model/Predict", request_of(number))
        except grpc.RpcError as error:
            return str(error.code().name)  # type: ignore[attr-defined]
    return answer.strData or tuple(answer.data.ndarray[0])


ASK: dict[str, Callable[..., Outcome]] = {"rest": ask_rest, "grpc": ask_grpc}


class Batches:
    """A server of :data:`SOURCE`, and calls that wait for it.

    Args:
        server: the process.
        way: its workers, and the transport of the calls.
        flag: the file for which it holds its component.
    """

    def __init__(self, server: Any, way: Way, flag: Path) -> None:
        self.server = server
        self._ask = ASK[way.transport]
        self._workers = int(way.workers)
        self._flag = flag
        self.holders: list[Background] = []

    def ask(self, number: float) -> Outcome:
        """Return the answer to one row, or the error's reason."""
        return self._ask(self.server, number)

    def hold(self) -> None:
        """Keep the component of each worker busy until :meth:`release`."""
        while len(self.held) < self._workers:
            self.holders.append(Background(lambda: self._ask(self.server)))
            wait_until(
                lambda: (
                    len(self.held) + self.queued + sum(one.done for one in self.holders) >= len(self.holders)
                ),
                "a worker to be held, or the call to wait for one that is",
            )

    def begin(self, numbers: Any = NUMBERS, beside: int = 0) -> list[Background]:
        """Ask one row with each number, and return the calls once all wait, ``beside`` so many others."""
        before = len(self.holders) - self._workers + beside
        calls = [Background(lambda number=number: self.ask(number)) for number in numbers]  # type: ignore[misc]
        wait_until(lambda: self.queued == before + len(calls), "all calls to wait")
        return calls

    def release(self) -> None:
        """Let the components go on."""
        self._flag.touch()

    @property
    def held(self) -> list[str]:
        """The processes whose component was held."""
        return [*dict.fromkeys(re.findall(r"^held (\d+)$", self.server.log, re.M))]

    @property
    def batches(self) -> list[list[float]]:
        """The first numbers of the rows of each batch."""
        return [json.loads(values) for values in re.findall(r"^batch \d+ (.*)$", self.server.log, re.M)]

    @property
    def queued(self) -> int:
        """The calls that wait for the component of any worker."""
        with self.server.client("metrics") as client:
            page = client.get("/metrics/all").body.decode()
        found = re.search(r"^seldon_runtime_queue_length (\S+)$", page, re.M)
        assert found is not None, page
        return int(float(found[1]))


@pytest.fixture
def start(seldon_run: Callable[..., Any], way: Way, tmp_path: Path) -> Iterator[Callable[..., Batches]]:
    """``start(*words)``: a server, whose held components go on when the test ends."""
    flag = tmp_path / "flag"

    def start(*words: str) -> Batches:
        source = SOURCE.replace("{flag!r}", repr(str(flag)))
        server = seldon_run("Sizes", "REST,GRPC", "--workers", way.workers, *WORDS, *words, source=source)
        return Batches(server, way, flag)

    yield start
    flag.touch()


def assert_batched(batches: Batches, way: Way, calls: list[Background], numbers: Any = NUMBERS) -> None:
    """Check that each call has its own answer, and that each worker made one batch of its calls."""
    outcomes = [call.outcome for call in calls]
    assert [outcome for outcome in outcomes if outcome in LOST] == []
    wait_until(lambda: {*numbers} <= {*chain(*batches.batches)}, "the log to tell all rows")
    sizes = {number: len(batch) for batch in batches.batches for number in batch}
    assert outcomes == [(sizes[number], number) for number in numbers]
    assert len(batches.batches) <= int(way.workers)


def test_sigterm_answers_the_batch_that_waits(start: Any, way: Way) -> None:
    batches = start()
    batches.hold()
    calls = batches.begin()
    batches.server.terminate()
    batches.server.wait_for_log("draining")
    batches.release()
    assert_batched(batches, way, calls)
    assert {holder.outcome for holder in batches.holders} == {"hold"}
    assert batches.server.wait() == 0


def test_a_reload_answers_the_batch_that_waits(start: Any, way: Way) -> None:
    batches = start()
    batches.hold()
    calls = batches.begin()
    batches.server.process.send_signal(signal.SIGHUP)
    batches.server.wait_for_log("lifecycle: draining")
    batches.release()
    assert_batched(batches, way, calls)
    assert {holder.outcome for holder in batches.holders} == {"hold"}
    assert batches.ask(7) == (1, 7)


@pytest.mark.parametrize("way", [Way("rest", "2"), Way("grpc", "2")], ids=["rest", "grpc"])
def test_a_killed_worker_takes_along_its_batch_and_nothing_else(start: Any, way: Way) -> None:
    batches = start()
    batches.hold()
    calls = batches.begin()
    victim = batches.held[0]
    os.kill(int(victim), signal.SIGKILL)
    batches.server.wait_for_log(rf"process {victim}\) was ended by SIGKILL(?s:.*)is ready")
    batches.release()
    for call, number in zip(calls, NUMBERS, strict=True):
        assert call.outcome in LOST or call.outcome[1] == number
    assert {holder.outcome for holder in batches.holders} <= {"hold", *LOST}
    assert batches.ask(7) == (1, 7)


def test_a_call_that_raises_fails_alone(start: Any) -> None:
    batches = start()
    batches.hold()
    numbers = [*NUMBERS, 13]
    calls = batches.begin(numbers)
    batches.release()
    *others, unlucky = [call.outcome for call in calls]
    assert [outcome[1] for outcome in others] == [*NUMBERS]
    assert unlucky in FAILED


def test_a_batch_that_hangs_is_refused_and_its_worker_replaced(start: Any, way: Way) -> None:
    batches = start("--hang-timeout", "0.5", "--grace", "1")
    hanging = Background(lambda: batches.ask(99))
    batches.server.wait_for_log(r"^batch \d+ \[99")
    calls = [Background(lambda number=number: batches.ask(number)) for number in NUMBERS]  # type: ignore[misc]
    for call, number in zip(calls, NUMBERS, strict=True):
        outcome = call.outcome
        assert outcome in LOST or outcome[1] == number
    assert hanging.outcome in LOST
    if way.workers == "2":
        batches.server.wait_for_log(r"hangs; starting its successor(?s:.*)is ready")
        batches.server.wait_for_log("ended with status 1")
        assert batches.ask(7) == (1, 7)
    else:
        assert {call.outcome for call in calls} <= LOST
        assert batches.server.wait() == 1
        batches.server.process.returncode = 0


def test_beyond_the_queue_calls_of_a_batch_are_refused_at_once(start: Any, way: Way) -> None:
    batches = start("--queue-size", "2")
    batches.hold()
    room = 2 * int(way.workers) - sum(not holder.done for holder in batches.holders[int(way.workers) :])
    calls = [Background(lambda number=number: batches.ask(number)) for number in NUMBERS]  # type: ignore[misc]
    least = len(calls) - room
    wait_until(lambda: sum(call.done for call in calls) >= least, "calls to be refused")
    refused = [call for call in calls if call.done]
    assert {call.outcome for call in refused} <= REFUSED
    batches.release()
    for call, number in zip(calls, NUMBERS, strict=True):
        assert call in refused or call.outcome in REFUSED or call.outcome[1] == number
    answered = sum(call.outcome not in REFUSED for call in calls)
    wait_until(lambda: sum(map(len, batches.batches)) == answered, "the log to tell the rows of those")


def test_a_client_that_sends_slowly_holds_no_batch(start: Any, way: Way) -> None:
    batches = start()
    batches.hold()
    finish = half_sent(batches.server, way, 77)
    calls = batches.begin()
    batches.release()
    assert_batched(batches, way, calls)
    assert finish() == (1, 77)


@pytest.mark.parametrize("way", [Way("rest", "1"), Way("grpc", "1")], ids=["rest", "grpc"])
def test_the_call_of_a_client_that_disconnects_leaves_the_batch(start: Any, way: Way) -> None:
    batches = start()
    batches.hold()
    leave = departing(batches.server, way, 77)
    wait_until(lambda: batches.queued == len(batches.holders), "the call to wait, beside further holders")
    calls = batches.begin(beside=1)
    leave()
    batches.release()
    assert_batched(batches, way, calls)
    assert [sorted(batch) for batch in batches.batches] == [[*NUMBERS]]


def half_sent(server: Any, way: Way, number: float) -> Callable[[], Outcome]:
    """Send the beginning of a call; return the function that sends the rest and returns the answer."""
    if way.transport == "rest":
        body = json.dumps({"data": {"ndarray": [[number]]}}).encode()
        client = server.client()
        headers = {**JSON_TYPE, "Content-Length": str(len(body))}
        client.begin_head("POST", "/predict", headers, body[:5])

        def finish() -> Any:
            with client:
                client.http.send(body[5:])
                return tuple(client.answer().json["data"]["ndarray"][0])

        return finish
    channel = server.grpc_client().channel
    sent = threading.Event()

    def requests() -> Iterator[bytes]:
        sent.wait()
        yield request_of(number).SerializeToString()

    call = channel.stream_unary("/seldon.protos.Model/Predict").future(requests())

    def finish_grpc() -> Any:
        sent.set()
        answer = SeldonMessage.FromString(call.result())
        channel.close()
        return tuple(answer.data.ndarray[0])

    return finish_grpc


def departing(server: Any, way: Way, number: float) -> Callable[[], None]:
    """Begin a call; return the function that disconnects, once the server has noticed."""
    if way.transport == "rest":
        client = server.client()
        client.begin("POST", "/predict", json.dumps({"data": {"ndarray": [[number]]}}).encode(), JSON_TYPE)

        def leave() -> None:
            client.http.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()  # by a reset: otherwise the client may still read
            assert server.get("/health/live").status == 200  # the server looks at its connections in order

        return leave
    grpc_client: GrpcClient = server.grpc_client()
    call = grpc_client.begin("Model/Predict", request_of(number))

    def cancel() -> None:
        call.cancel()
        grpc_client.call_raw("grpc.health.v1.Health/Check", b"")  # of the same connection
        grpc_client.close()

    return cancel
