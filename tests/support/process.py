"""A running ``seldon-run`` with clients for what it serves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seldon_runtime.testing import Process
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import HttpAnswer, HttpClient


class ServedProcess(Process):
    """A running ``seldon-run``; the fixture ``seldon_run`` starts these in all tests of this folder."""

    @property
    def port(self) -> int:
        """The port of REST."""
        return self.ports["rest"]

    @property
    def url(self) -> str:
        """The address of REST, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        """Wait until the log says so, and REST, if it is served, says so too."""
        if "rest" in self.ports:
            assert self.get("/health/ready").status == 200

    def client(self, transport: str = "rest") -> HttpClient:
        """Return a new connection to REST, or to the metrics page."""
        return HttpClient(self.ports[transport]).connect()

    def grpc_client(self, **arguments: Any) -> GrpcClient:
        """Return a new client of gRPC."""
        return GrpcClient(self.ports["grpc"], **arguments)

    def request(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Make one request over a connection of its own."""
        with self.client() as client:
            return client.request(verb, path, body, headers)

    def get(self, path: str, **headers: str) -> HttpAnswer:
        """Get a path over a connection of its own."""
        with self.client() as client:
            return client.get(path, **headers)

    def post(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """Post JSON over a connection of its own."""
        with self.client() as client:
            return client.post(path, value, headers)

    def peak_mib(self) -> int:
        """Return the most memory that it and its workers have had, each at its time."""
        first = self.process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in (first, *children)]
        return sum(int(re.search(r"VmHWM:\s+(\d+)", text)[1]) for text in texts) // 1024  # type: ignore[index]
