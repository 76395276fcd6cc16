"""Servers as real processes: started on a processor, measured, and ended."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from benchmarks.servers import Server
from seldon_runtime.transport.free_ports import free_ports

_START_S = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Running:
    """A server that answers.

    Args:
        server: the description of the server.
        process: its first process, the leader of a session of its own.
        ports: ``http``, ``grpc`` and ``other``.
        ready_s: seconds from before its exec to its first answer that it is ready.
    """

    def __init__(
        self, server: Server, process: subprocess.Popen[bytes], ports: Mapping[str, int], ready_s: float
    ) -> None:
        self.server = server
        self.ready_s = ready_s
        self.http = ports["http"]
        self.grpc = ports["grpc"]
        self.other = ports["other"]
        self._process = process

    def _processes(self) -> list[int]:
        """Return the processes of its session, and their children, which may have sessions of their own."""
        parents: dict[int, int] = {}
        found: set[int] = set()
        for folder in Path("/proc").glob("[0-9]*"):
            pid = int(folder.name)
            try:
                parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if os.getsid(pid) == self._process.pid:
                    found.add(pid)
            except (ProcessLookupError, FileNotFoundError):  # ended meanwhile
                continue
        while further := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= further
        return sorted(found)

    @property
    def pss_mib(self) -> float:
        """The memory of all its processes; pages that several processes share count in part."""
        return self._memory_mib("Pss")

    @property
    def own_mib(self) -> float:
        """The memory without the pages of mapped files.

        The share of these pages changes when other programs that map the same libraries start and end.
        """
        return self._memory_mib("Pss_Anon", "Pss_Shmem")

    def _memory_mib(self, *kinds: str) -> float:
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self._processes()]
        return sum(int(text.partition(f"\n{kind}:")[2].split()[0]) for text in texts for kind in kinds) / 1024

    @property
    def processor_s(self) -> float:
        """User and system time of all its processes."""
        total = 0
        for pid in self._processes():
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(words[11]) + int(words[12])
        return total / _TICKS

    def ask(self, body: bytes | None = None) -> bytes:
        """Send one request over a connection of its own; return the body of the response."""
        with closing(self.connection()) as connection:
            return self.ask_over(connection, self.server.body if body is None else body)

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection, which connects at its first request, and again when the server closed it."""
        return http.client.HTTPConnection("127.0.0.1", self.http, timeout=120)

    def ask_over(self, connection: http.client.HTTPConnection, body: bytes) -> bytes:
        """Send one request over a connection; return the body of the response."""
        connection.request("POST", self.server.path, body, self.server.headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{self.server.name} answered {answer.status}: {text[:500]!r}")
        return text


@contextmanager
def running(server: Server, processor: int | None) -> Iterator[Running]:
    """Start a server on one processor, or on all, wait until it is ready, and end it afterwards."""
    ports = dict(zip(("http", "grpc", "other"), free_ports(3), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in server.files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_filled(text, ports))
        log = Path(folder, "log")
        environment = {name: _filled(value, ports) for name, value in server.environment.items()}
        with log.open("wb") as output:
            began = time.perf_counter()
            process = subprocess.Popen(
                [_filled(word, ports) for word in server.command],
                cwd=folder,
                env={**_surroundings(), **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=None if processor is None else partial(os.sched_setaffinity, 0, {processor}),
            )
        try:
            _wait_until_ready(server, process, ports, log)
            yield Running(server, process, ports, time.perf_counter() - began)
        finally:
            _end(process)


def _surroundings() -> dict[str, str]:
    """Return this program's environment, in which Python may store compiled modules.

    pip compiles the modules that it installs, and compiling a checkout makes a start half as long again.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _filled(text: str, ports: Mapping[str, int]) -> str:
    for name, port in ports.items():
        text = text.replace(f"{{{name}}}", str(port))
    return text


def _wait_until_ready(
    server: Server, process: subprocess.Popen[bytes], ports: Mapping[str, int], log: Path
) -> None:
    deadline = time.monotonic() + _START_S
    while not (_answers(ports["http"], server.ready) if server.ready else _listens(ports["grpc"])):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(
                f"{server.name} did not become ready:\n{log.read_text(errors='replace')[-3000:]}"
            )
        time.sleep(0.002)


def _answers(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
    finally:
        with suppress(ProcessLookupError):  # the whole session has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
