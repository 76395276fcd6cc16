"""``seldon-run`` processes for tests: their output, addresses and signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sysconfig
import textwrap
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from seldon_runtime.testing.waiting import WAIT_S

SELDON_RUN = Path(sysconfig.get_path("scripts"), "seldon-run")

_SETTING = re.compile(
    r"(PREDICTIVE_UNIT_|PREDICTOR_|SELDON_|FLASK_|GUNICORN_|REDIS_|PERSISTENCE)|"
    r"(MODEL_NAME|API_TYPE|SERVICE_TYPE|METRICS|MODEL_METADATA|PAYLOAD_PASSTHROUGH|CORS_ORIGINS"
    r"|INCLUDE_METRICS_IN_CLIENT_RESPONSE|GRPC_THREADS|SCRIPT_NAME|PROMETHEUS_MULTIPROC_DIR)$"
)
_READY = re.compile(r"^.*\bready: (.*)$", re.M)
_PORT = re.compile(r":(\d+)(?:/|$)")
_SERVED = re.compile(r"(?:^|, )([^\s,]+) at ([^\"]*?)(?=, [^\s,]+ at |\"|$)")


class Process:
    """A running ``seldon-run``, with a thread that reads its stdout and stderr.

    Args:
        program: the program, usually :data:`SELDON_RUN`.
        arguments: the arguments of the command line.
        folder: the working folder.
        environment: all environment variables.
    """

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
        """The output so far."""
        with self._changed:
            return self._text

    def wait_for_log(self, pattern: str, timeout_s: float = WAIT_S) -> re.Match[str]:
        """Wait until the log matches the pattern; return the first match."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or re.search(pattern, self._text, re.M), timeout_s)
            found = re.search(pattern, self._text, re.M)
        assert found, f"the log does not match {pattern!r}:\n{self.log}"
        return found

    @property
    def addresses(self) -> dict[str, str]:
        """The addresses of the transports by name. Waits until the process is ready."""
        ready = self.wait_for_log(_READY.pattern)
        return dict(_SERVED.findall(ready[1]))

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the transports by name, where the address has a port."""
        found = {name: _PORT.search(address) for name, address in self.addresses.items()}
        return {name: int(port[1]) for name, port in found.items() if port}

    def wait_until_ready(self) -> None:
        """Wait until the log says that the process is ready."""
        self.wait_for_log(_READY.pattern)

    def terminate(self) -> None:
        """Send SIGTERM, as a container runtime does."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float = WAIT_S) -> int:
        """Wait for the end of the process; return its exit status. The log is complete then."""
        status = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return status

    def stop(self) -> int:
        """End the process by SIGTERM, or else SIGKILL; return its exit status."""
        if self.process.poll() is None:
            self.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill the process and its children, which may outlive it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Starter:
    """The starter of processes behind the fixture ``seldon_run``.

    Args:
        folder: the folder of sources and processes.
        kind: the class of the processes.
    """

    def __init__(self, folder: Path, kind: type[Process] = Process) -> None:
        self._folder = folder
        self._kind = kind
        self._started: list[Process] = []

    def __call__(
        self,
        *arguments: str,
        source: str | None = None,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        program: Path = SELDON_RUN,
        wait: bool = True,
    ) -> Process:
        """Start ``seldon-run`` with these arguments.

        Args:
            *arguments: the arguments of the command line.
            source: the text of the module that the first argument names.
            folder: the working folder, which is importable.
            env: variables besides the caller's, from which the runtime's own are removed.
            program: the program to run.
            wait: True to wait until the process is ready.
        """
        folder = folder or self._folder
        if source is not None:
            folder.joinpath(f"{arguments[0]}.py").write_text(textwrap.dedent(source))
        environment = {name: value for name, value in os.environ.items() if not _SETTING.match(name)}
        environment |= {"PREDICTIVE_UNIT_SERVICE_PORT": "0", "METRICS": "0", "PYTHONUNBUFFERED": "1"}
        environment |= env or {}
        process = self._kind(program, arguments, folder, environment)
        self._started.append(process)
        if wait:
            process.wait_until_ready()
        return process

    def end(self) -> None:
        """End the running processes by SIGTERM, and print their logs; fail if a status is not 0."""
        statuses = []
        try:
            for process in reversed(self._started):
                if process.process.poll() is None:
                    statuses.append(process.stop())
        finally:
            for process in self._started:
                process.kill()
                print(process.log)  # pytest shows it beside a failure
        assert not any(statuses), f"ended with {statuses} after the test"
