"""A component that is served for as long as it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from seldon_runtime.free_ports import free_ports
from seldon_runtime_tools import settings_file

_PROGRAM = (sys.executable, "-m", "seldon_runtime")
_LOOK_EVERY_S = 0.05
_END_S = 30


@contextmanager
def served(folder: Path, settings: Mapping[str, str], start_s: float) -> Iterator[str]:
    """``seldon-run`` in ``folder`` over REST, on a free port of this machine: gives its URL once it is ready.

    Blocks while it starts. Its log goes to stderr.

    Raises:
        click.ClickException: no class is named; or it ended, or was not ready, within ``start_s`` seconds.
    """
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        **settings,
        "API_TYPE": "REST",
        "METRICS": "0",
        "PERSISTENCE": "0",
        "SELDON_HOST": "127.0.0.1",
        "PREDICTIVE_UNIT_SERVICE_PORT": str(port),
    }
    if not environment.get("MODEL_NAME"):
        raise click.ClickException(
            f"{folder / settings_file.PLACE} names no MODEL_NAME; set the variable, or give --url"
        )
    environment.pop("PREDICTIVE_UNIT_HTTP_SERVICE_PORT", None)
    environment.setdefault("SELDON_LOG_LEVEL", "WARNING")
    with subprocess.Popen(_PROGRAM, cwd=folder, env=environment, stdin=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(server, f"{url}/health/ready", start_s)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(_END_S)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(server: subprocess.Popen[bytes], url: str, start_s: float) -> None:
    deadline = time.monotonic() + start_s
    while not _is_ready(url):
        if server.poll() is not None:
            raise click.ClickException(f"seldon-run ended with {server.returncode} before it was ready")
        if time.monotonic() > deadline:
            raise click.ClickException(f"seldon-run was not ready after {start_s:g} s")
        time.sleep(_LOOK_EVERY_S)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False
