"""Processes that may open few files: idle clients lock nobody out."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from seldon_runtime.testing import wait_until
from seldon_runtime.testing.processes import SELDON_RUN
from tests.support.components import ECHO

Start = Callable[..., Any]

FILES = 100


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a program that limits its open files, then runs seldon-run."""
    path = tmp_path / "limited"
    path.write_text(
        f"#!{sys.executable}\n"
        "import os, resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))\n"
        f"os.execv({str(SELDON_RUN)!r}, [{str(SELDON_RUN)!r}, *sys.argv[1:]])\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    "words", [(), ("--http-max-connections", "10000")], ids=["default", "more than the limit"]
)
def test_new_clients_are_served_beside_idle_ones(
    seldon_run: Start, program: Path, raw_socket: Start, words: tuple[str, ...]
) -> None:
    server = seldon_run("Echo", "REST,GRPC", *words, source=ECHO, program=program)
    for transport in ("rest", "grpc"):
        for _ in range(2 * FILES):
            raw_socket(server, transport)
    for _ in range(5):
        assert server.post("/predict", {"strData": "x"}).json["strData"] == "x"

    def answers_grpc() -> bool:
        with server.grpc_client() as client, suppress(grpc.RpcError):
            return bool(client.predict("x") == "x")
        return False

    if not words:
        wait_until(answers_grpc, "a new gRPC client is served")
    assert len(list(Path(f"/proc/{server.process.pid}/fd").iterdir())) <= FILES
    wait_until(lambda: "longest idle" in server.log, "the log names the limit")
