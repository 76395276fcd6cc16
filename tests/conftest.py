"""HTTP for the kit's ``seldon-run`` processes: clients, and probes of readiness."""

from __future__ import annotations

import http.client
import json
import select
import socket
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S, Process

ROOT = Path(__file__).parent.parent


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


class RestProcess(Process):
    """A running ``seldon-run`` that is asked over REST."""

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


@pytest.fixture(scope="session")
def process_type() -> type[Process]:
    """The kit's ``seldon_run`` starts these."""
    return RestProcess


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
def fresh(tmp_path: Path) -> Callable[..., Path]:
    """Installs distributions of this tree, as wheels, into a new environment; gives its programs' folder."""
    venv.create(tmp_path / "env", with_pip=False)
    programs = tmp_path / "env" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python")]

    def install(distribution: str) -> Path:
        wheels = tmp_path / distribution.replace("/", "-")
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels)]
        quiet(*build, str(ROOT / distribution))
        quiet(*pip, "install", "--no-compile", *map(str, wheels.glob("*.whl")))
        return programs

    return install


def quiet(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
