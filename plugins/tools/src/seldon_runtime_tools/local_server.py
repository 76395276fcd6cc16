"""``seldon-run`` in a process of its own, for as long as a command needs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from seldon_runtime_tools import settings_file

_PROGRAM = (sys.executable, "-m", "seldon_runtime")
_END_S = 30
_READY = re.compile(r"\bready: .*?\brest at (http://[^\s,/]+)")
_INFO = re.compile(r"\S+ \S+ INFO ")
"""The beginning of an INFO record of the text log: date, time, level."""


class _Log(threading.Thread):
    """Copies the server's log to stderr, line by line, and finds the address in its "ready" line.

    The server logs at INFO for that line; the log shows INFO records only to those who chose that level.
    """

    def __init__(self, server: subprocess.Popen[str], *, show_info: bool) -> None:
        super().__init__(name="server-log", daemon=True)
        self._server = server
        self._show_info = show_info
        self._found = threading.Event()
        self._url: str | None = None

    def url(self, timeout_s: float) -> str | None:
        """Wait for the server's address; None if it is not ready in time, or has ended."""
        self._found.wait(timeout_s)
        return self._url

    def run(self) -> None:
        """Copy until the server closes its end."""
        assert self._server.stderr is not None
        for line in self._server.stderr:
            if self._url is None and (ready := _READY.search(line)):
                self._url = ready[1]
                self._found.set()
            if self._show_info or not _INFO.match(line):
                click.echo(line, err=True, nl=False)
        self._found.set()


@contextmanager
def local_server(folder: Path, settings: Mapping[str, str], start_s: float) -> Iterator[str]:
    """Serve the component in ``folder`` over REST on a free port of this machine; yield its URL when ready.

    Blocks while the server starts. The server's log goes to stderr.

    Raises:
        click.ClickException: MODEL_NAME is not set, or the server ended or was not ready within ``start_s``
            seconds.
    """
    environment = _environment(settings)
    if not environment.get("MODEL_NAME"):
        raise click.ClickException(
            f"MODEL_NAME is not set in {folder / settings_file.PLACE}; add it, set the variable, or use --url"
        )
    level = environment.get("SELDON_LOG_LEVEL", "WARNING").upper()
    environment["SELDON_LOG_LEVEL"] = "DEBUG" if level == "DEBUG" else "INFO"
    with subprocess.Popen(
        _PROGRAM,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
    ) as server:
        log = _Log(server, show_info=level in ("DEBUG", "INFO"))
        log.start()
        try:
            yield _ready_url(server, log, start_s)
        finally:
            _end(server)
            log.join(_END_S)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the server's variables: those of the caller, of the component, and of a local trial."""
    environment = {
        **os.environ,
        **settings,
        "API_TYPE": "REST",
        "METRICS": "0",
        "PERSISTENCE": "0",
        "SELDON_HOST": "127.0.0.1",
        "SELDON_LOG_FORMAT": "text",
        "PREDICTIVE_UNIT_SERVICE_PORT": "0",
    }
    environment.pop("PREDICTIVE_UNIT_HTTP_SERVICE_PORT", None)
    return environment


def _ready_url(server: subprocess.Popen[str], log: _Log, start_s: float) -> str:
    url = log.url(start_s)
    if url is not None:
        return url
    if log.is_alive():
        raise click.ClickException(f"seldon-run was not ready after {start_s:g} s; see --start-timeout")
    raise click.ClickException(f"seldon-run ended with status {server.wait(_END_S)} before it was ready")


def _end(server: subprocess.Popen[str]) -> None:
    server.terminate()
    try:
        server.wait(_END_S)
    except subprocess.TimeoutExpired:
        server.kill()
