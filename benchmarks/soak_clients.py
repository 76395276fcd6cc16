"""Clients that make calls at a rate, or as many as they can, and check every answer.

The REST clients and the gRPC clients run in a process each, so that they do not wait for each other.
"""

from __future__ import annotations

import http.client
import itertools
import json
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Self

import grpc

from benchmarks.load import PREDICT
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage

_CLIENTS = 8
"""The number of clients for each transport."""
_WAIT_S = 30.0
_MOST_TEXTS = 5
_BEHIND_S = 30.0
"""The clients leave out calls that are later than this. Otherwise a slow server makes the run endless."""
_PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FEEDBACK = PREDICT.replace("Predict", "SendFeedback")
_LOCAL = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]


@dataclass
class Tally:
    """The counts of the clients."""

    seconds: float = 0.0
    calls: int = 0
    answered: int = 0
    """Calls that reached the component. The other calls are invalid, and the server refused them."""
    missed: int = 0
    """Calls that the clients left out because earlier calls took too long."""
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    """The messages of some failures."""
    latencies: dict[str, Counter[int]] = field(default_factory=dict)
    """The number of calls by their microseconds, rounded to two digits, by transport."""

    @property
    def rates(self) -> Mapping[str, float]:
        """Calls per second, by transport."""
        return {name: counter.total() / self.seconds for name, counter in self.latencies.items()}

    def percentiles_ms(self) -> Mapping[str, Mapping[str, float]]:
        """Return percentiles of the latency since each call was due, by transport."""
        return {name: _percentiles(counter) for name, counter in self.latencies.items()}

    def add(self, other: Tally) -> None:
        """Add the counts of other clients."""
        self.seconds = max(self.seconds, other.seconds)
        self.calls += other.calls
        self.answered += other.answered
        self.missed += other.missed
        self.failed += other.failed
        self.failures = [*self.failures, *other.failures][:_MOST_TEXTS]
        for name, counter in other.latencies.items():
            self.latencies.setdefault(name, Counter()).update(counter)


def _percentiles(counter: Counter[int]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    seen = 0
    wanted = list(_PERCENTILES)
    for microseconds in sorted(counter):
        seen += counter[microseconds]
        while wanted and seen >= counter.total() * wanted[0] / 100:
            percentile = wanted.pop(0)
            found["max" if percentile == 100 else f"p{percentile:g}"] = microseconds / 1000
    return found


class Clients:
    """The clients of both transports, for a server on this machine. Use it as a context manager."""

    def __init__(self, http_port: int, grpc_port: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._lines: list[Connection] = []
        self._processes = []
        self._names = []
        for caller, port in ((RestCaller, http_port), (GrpcCaller, grpc_port)):
            self._names.append(caller.name)
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, caller, port), daemon=True)
            process.start()
            self._lines.append(ours)
            self._processes.append(process)

    def run(self, seconds: float, rates: Mapping[str, float] | None = None) -> Tally:
        """Make calls for so many seconds, at these rates by transport, or as many as possible. Blocks."""
        for name, line in zip(self._names, self._lines, strict=True):
            line.send((seconds, rates and rates[name]))
        tally = Tally()
        for line in self._lines:
            tally.add(line.recv())
        return tally

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line, process in zip(self._lines, self._processes, strict=True):
            line.send(None)
            process.join(_WAIT_S)


def _work(line: Connection, caller: type[Any], port: int) -> None:
    callers = [caller(port) for _ in range(_CLIENTS)]
    while (order := line.recv()) is not None:
        line.send(_run(callers, *order))


def _run(callers: list[Any], seconds: float, rate: float | None) -> Tally:
    tallies = [Tally(latencies={caller.name: Counter()}) for caller in callers]
    began = time.monotonic()

    def work(number: int) -> None:
        caller, tally = callers[number], tallies[number]
        for call in itertools.count():
            due = time.monotonic() if rate is None else began + (call * len(callers) + number) / rate
            if due >= began + seconds:
                break
            late_s = time.monotonic() - due
            if late_s > _BEHIND_S:
                tally.missed += 1
                continue
            time.sleep(max(0.0, -late_s))
            tally.calls += 1
            try:
                tally.answered += caller(call)
            except Exception as error:  # noqa: BLE001 - any error that a client sees is a failure
                tally.failed += 1
                tally.failures = [*tally.failures, f"{caller.name}: {type(error).__name__}: {error}"][
                    :_MOST_TEXTS
                ]
                caller.connect()
            tally.latencies[caller.name][_rounded(time.monotonic() - due)] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Tally(seconds=time.monotonic() - began)
    for tally in tallies:
        whole.add(tally)
    return whole


def _rounded(seconds: float) -> int:
    microseconds = int(seconds * 1e6)
    step: int = 10 ** max(0, len(str(microseconds)) - 2)
    return microseconds // step * step


def _expect(condition: bool, answer: object) -> None:
    if not condition:
        raise AssertionError(f"wrong answer: {answer!r:.300}")


class RestCaller:
    """One client with one connection."""

    name = "REST"

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT_S)
        self._asks: list[Callable[[int], int]] = [
            self._array,
            self._text,
            self._array,
            self._feedback,
            self._array,
        ]
        self._asks += [self._form, self._array, self._ragged]

    def connect(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._http.close()

    def __call__(self, number: int) -> int:
        """Make one call and check its answer; return 1 if the call reached the component, else 0."""
        return self._asks[number % len(self._asks)](number)

    def _array(self, number: int) -> int:
        rows = [[number, 2.5], [-1, 0.125]]
        answer = self._ask("/predict", json.dumps({"data": {"ndarray": rows}}))
        _expect(answer["data"]["ndarray"] == rows and answer["meta"]["tags"] == {"soaked": True}, answer)
        _expect([metric["key"] for metric in answer["meta"]["metrics"]][:1] == ["soak_calls"], answer)
        return 1

    def _text(self, number: int) -> int:
        answer = self._ask("/predict", json.dumps({"strData": str(number)}))
        _expect(answer["strData"] == str(number), answer)
        return 1

    def _form(self, number: int) -> int:
        answer = self._ask("/predict", f'json={{"strData":"{number}"}}', _FORM)
        _expect(answer["strData"] == str(number), answer)
        return 1

    def _feedback(self, number: int) -> int:
        message = {"request": {"data": {"ndarray": [[number]]}, "meta": {"puid": str(number)}}, "reward": 1.0}
        answer = self._ask("/send-feedback", json.dumps(message))
        _expect(answer["meta"]["puid"] == str(number), answer)
        return 1

    def _ragged(self, number: int) -> int:
        answer = self._ask("/predict", '{"data":{"ndarray":[[1],[1,2]]}}', status=400)
        _expect(answer["status"]["reason"] == "MICROSERVICE_BAD_DATA", answer)
        return 0

    def _ask(self, path: str, body: str, headers: Mapping[str, str] = _JSON, status: int = 200) -> Any:
        self._http.request("POST", path, body, headers)
        response = self._http.getresponse()
        text = response.read()
        _expect(response.status == status, (response.status, text))
        return json.loads(text)


class GrpcCaller:
    """One client with one channel."""

    name = "gRPC"

    def __init__(self, port: int) -> None:
        self._port = port
        self._asks: list[Callable[[int], int]] = [self._tensor, self._text, self._tensor, self._feedback]
        self._asks += [self._tensor, self._nothing]
        self._channel: Any = None
        self.connect()

    def connect(self) -> None:
        """Open a new channel, and close the old one."""
        if self._channel is not None:
            self._channel.close()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self._port}", options=_LOCAL)
        parsed = SeldonMessage.FromString
        self._predict = self._channel.unary_unary(PREDICT, SeldonMessage.SerializeToString, parsed)
        self._send_feedback = self._channel.unary_unary(FEEDBACK, Feedback.SerializeToString, parsed)

    def __call__(self, number: int) -> int:
        """Make one call and check its answer; return 1 if the call reached the component, else 0."""
        return self._asks[number % len(self._asks)](number)

    def _tensor(self, number: int) -> int:
        message = SeldonMessage()
        message.data.tensor.shape.extend((10, 10))
        message.data.tensor.values.extend(map(float, range(number, number + 100)))
        answer = self._predict(message, timeout=_WAIT_S)
        _expect(answer.data.tensor == message.data.tensor, answer)
        _expect(answer.meta.tags["soaked"].bool_value and len(answer.meta.metrics) == 3, answer)
        return 1

    def _text(self, number: int) -> int:
        answer = self._predict(SeldonMessage(strData=str(number)), timeout=_WAIT_S)
        _expect(answer.strData == str(number), answer)
        return 1

    def _feedback(self, number: int) -> int:
        message = Feedback(reward=1.0)
        message.request.strData = "x"
        message.request.meta.puid = str(number)
        answer = self._send_feedback(message, timeout=_WAIT_S)
        _expect(answer.meta.puid == str(number), answer)
        return 1

    def _nothing(self, number: int) -> int:
        try:
            answer = self._predict(SeldonMessage(), timeout=_WAIT_S)
        except grpc.RpcError as error:
            _expect(error.code() is grpc.StatusCode.INVALID_ARGUMENT, error)
            return 0
        raise AssertionError(f"the server answered an empty message: {answer!r:.300}")
