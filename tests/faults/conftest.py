"""Clients that call without a pause and check every answer."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest

from seldon_runtime.testing.waiting import WAIT_S
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

SLOW = "SELDON_TEST_SLOW" in os.environ
"""Whether sizes are the real ones, and waits the whole ones: ``tox run -e faults``."""
_LOCAL = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
_JSON = {"Content-Type": "application/json"}


class RestCaller:
    """One client with one connection, made anew when the server closes it."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)

    def begin(self, text: str) -> None:
        """Make a call, whose :meth:`answer` can be waited for."""
        self._http.request("POST", "/predict", json.dumps({"strData": text}), _JSON)

    def answer(self) -> tuple[str, str]:
        """What came back: the text, and the process that answered."""
        response = self._http.getresponse()
        body = response.read()
        if response.status != 200:
            raise AssertionError(f"HTTP {response.status}: {body!r}")
        answer = json.loads(body)
        return answer["strData"], answer["meta"]["tags"]["process"]

    def __call__(self, text: str) -> tuple[str, str]:
        """Make a call and wait for what comes back."""
        self.begin(text)
        return self.answer()

    def close(self) -> None:
        self._http.close()


class GrpcCaller:
    """One client with one channel."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_LOCAL)
        self._predict = self._channel.unary_unary(
            "/seldon.protos.Model/Predict", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )

    def begin(self, text: str) -> None:
        """Make a call, whose :meth:`answer` can be waited for."""
        self._call = self._predict.future(SeldonMessage(strData=text), timeout=WAIT_S)

    def answer(self) -> tuple[str, str]:
        """What came back: the text, and the process that answered."""
        return _told(self._call.result())

    def __call__(self, text: str) -> tuple[str, str]:
        """Make a call and wait for what comes back."""
        return _told(self._predict(SeldonMessage(strData=text), timeout=WAIT_S))

    def close(self) -> None:
        self._channel.close()


def _told(answer: Any) -> tuple[str, str]:
    return answer.strData, answer.meta.tags["process"].string_value


_CALLERS: dict[str, Callable[[int], Any]] = {"rest": RestCaller, "grpc": GrpcCaller}


class Load:
    """``clients`` threads that call one transport of a process until told to stop.

    A client that fails connects anew and goes on.
    """

    def __init__(self, transport: str, port: int, clients: int = 8) -> None:
        self.failures: list[str] = []
        self.answered: Counter[str] = Counter()
        """How many answers came from which process."""
        self._make = lambda: _CALLERS[transport](port)
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, args=(i,)) for i in range(clients)]
        for thread in self._threads:
            thread.start()

    def _work(self, client: int) -> None:
        caller = self._make()
        for number in itertools.count():
            if self._stop.is_set():
                break
            text = f"{client}-{number}"
            try:
                echo, process = caller(text)
                if echo != text:
                    raise AssertionError(f"{echo!r} came back for {text!r}")
            except Exception as error:  # noqa: BLE001 - whatever a client may see is a failure
                with self._changed:
                    self.failures.append(f"{type(error).__name__}: {error}")
                    self._changed.notify_all()
                caller.close()
                caller = self._make()
                time.sleep(0.01)  # not to spin while nobody listens
            else:
                with self._changed:
                    self.answered[process] += 1
                    self._changed.notify_all()
        caller.close()

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
        """Until ``condition`` holds, looked at after every answer and failure."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout_s), f"no {what}: {self.failures[-3:]}"

    def wait_for_answers(self, more: int = 50) -> None:
        """Until that many more answers have come."""
        goal = self.answered.total() + more
        self.wait_for(lambda: self.answered.total() >= goal, f"{more} more answers")

    def wait_for_processes(self, count: int, other_than: frozenset[str] = frozenset()) -> frozenset[str]:
        """Until that many other processes have answered; which ones."""
        self.wait_for(lambda: len(self.answered.keys() - other_than) >= count, f"{count} new processes")
        return frozenset(self.answered.keys() - other_than)

    def stop(self) -> None:
        """No further calls; waits for the last ones."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def load() -> Iterator[Callable[..., Load]]:
    """Makes a :class:`Load` for a process; it is stopped after the test."""
    loads: list[Load] = []

    def start(process: Any, transport: str, clients: int = 8) -> Load:
        loads.append(Load(transport, process.ports[transport], clients))
        return loads[-1]

    yield start
    for one in loads:
        one.stop()


@pytest.fixture
def caller() -> Iterator[Callable[..., Any]]:
    """``caller(process, transport)``: one client. Its calls raise when they fail."""
    callers: list[Any] = []

    def make(process: Any, transport: str) -> Any:
        callers.append(_CALLERS[transport](process.ports[transport]))
        return callers[-1]

    yield make
    for one in callers:
        one.close()


class Way(NamedTuple):
    """How a server is run and called."""

    transport: str
    workers: str


_WAYS = list(itertools.starmap(Way, itertools.product(_CALLERS, "12")))


@pytest.fixture(params=_WAYS if SLOW else [Way("rest", "2"), Way("grpc", "1")], ids=" ".join)
def way(request: pytest.FixtureRequest) -> Way:
    """Each transport with one process and with two workers; in the default run with one of these."""
    found: Way = request.param
    return found


_HOSTED = """
    import os

    class Hosted:
        def predict(self, X, features_names):
            word, _, size = X.partition(" ") if isinstance(X, str) else ("", "", "")
            return "x" * int(size) if word == "fill" else X

        def tags(self):
            return {"process": str(os.getpid())}
"""


@pytest.fixture(params=["1", "2"], ids=["1 worker", "2 workers"])
def host(request: pytest.FixtureRequest, seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """``host("REST", *words)``: a server, with one process in one test, and with two workers in the next.
    It answers what it is asked, or for ``fill 9`` nine letters."""

    def host(transports: str, *words: str, **options: Any) -> Any:
        return seldon_run("Hosted", transports, "--workers", request.param, *words, source=_HOSTED, **options)

    return host


class Wire:
    """One connection, byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.received = b""

    def send(self, *pieces: bytes) -> Wire:
        for piece in pieces:
            self.socket.sendall(piece)
        return self

    def drip(self, piece: bytes) -> Wire:
        """Send a piece again and again, slowly, until something comes back."""
        while not self.is_readable(0.05):
            self.socket.sendall(piece)
        return self

    def pour(self, piece: bytes) -> Wire:
        """Send a piece again and again, at full speed, until something comes back, or nothing is taken."""
        with suppress(OSError):
            while not self.is_readable(0):
                self.socket.sendall(piece)
        return self

    def send_if_open(self, piece: bytes) -> bool:
        """Send a piece unless the server has ended the connection, or takes nothing for ``WAIT_S``."""
        try:
            self.socket.sendall(piece)
        except OSError:
            return False
        return True

    def ends_or_has(self, part: bytes) -> bool:
        """Whether, within ``WAIT_S``, the server ends the connection, or sends something with that part."""
        try:
            while part not in self.received:
                more = self.socket.recv(65536)
                if not more:
                    return True
                self.received += more
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True

    def is_readable(self, within_s: float) -> bool:
        """Whether there are bytes, or the end."""
        return bool(select.select([self.socket], [], [], within_s)[0])

    def until(self, end: bytes) -> bytes:
        """What comes up to and with ``end``, and what came with it."""
        while end not in self.received:
            part = self.socket.recv(65536)
            assert part, f"the connection ended after {self.received!r:.500}"
            self.received += part
        taken, self.received = self.received, b""
        return taken

    def all(self) -> bytes:
        """What comes until the server closes the connection."""
        with suppress(ConnectionResetError):
            while part := self.socket.recv(65536):
                self.received += part
        return self.received

    def statuses(self) -> list[int]:
        """Of all HTTP answers until the server closes the connection."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", self.all())]

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    """``wire(process, transport="rest")``: makes a :class:`Wire`."""
    wires: list[Wire] = []

    def wire(process: Any, transport: str = "rest") -> Wire:
        wires.append(Wire(process.ports[transport]))
        return wires[-1]

    yield wire
    for one in wires:
        one.close()


@pytest.fixture
def slow() -> bool:
    """Whether sizes are the real ones: ``tox run -e faults``. The default run has smaller ones."""
    return SLOW


@pytest.fixture
def peak_mib() -> Callable[..., int]:
    """``peak_mib(process)``: the most memory that it and its workers have had, each at its time."""

    def peak(process: Any) -> int:
        first = process.process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in (first, *children)]
        return sum(int(re.search(r"VmHWM:\s+(\d+)", text)[1]) for text in texts) // 1024  # type: ignore[index]

    return peak


@pytest.fixture
def others(load: Callable[..., Load]) -> Iterator[Callable[..., Load]]:
    """``others(process, transport)``: two other clients, of whose calls none may fail until the test ends."""
    started: list[Load] = []

    def others(process: Any, transport: str = "rest") -> Load:
        started.append(load(process, transport, clients=2))
        return started[-1]

    yield others
    for one in started:
        one.stop()
        assert one.failures == []
        assert one.answered.total() > 0
