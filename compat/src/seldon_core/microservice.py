"""``seldon-core-microservice``: its arguments, translated for ``seldon-run``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from seldon_runtime.cli import run
from seldon_runtime.identity import ServiceType
from seldon_runtime.options import options

HTTP_PORT, GRPC_PORT = 9000, 5000
"""Where both transports are served when no API type is given."""

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_PORT = click.IntRange(0, 65535)
_COUNT = click.IntRange(0)


def main() -> NoReturn:
    """The console script."""
    command.main(prog_name="seldon-core-microservice")
    raise AssertionError("click ends the process")


@click.command()
@click.argument("interface_name")
@click.argument(
    "api_type",
    required=False,
    metavar="[REST|GRPC]",
    type=click.Choice(["REST", "GRPC"], case_sensitive=False),
)
@click.option("--service-type", type=click.Choice([t.value for t in ServiceType], case_sensitive=False))
@click.option("--persistence", is_flag=False, flag_value="1", help="1: keep state in Redis.")
@click.option("--parameters", help="JSON list of constructor parameters.")
@click.option("--log-level", type=click.Choice(_LEVELS, case_sensitive=False))
@click.option(
    "--debug", is_flag=True, envvar="SELDON_DEBUG", show_envvar=True, help="The same as --log-level DEBUG."
)
@click.option(
    "--http-port",
    type=_PORT,
    envvar="PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
    show_envvar=True,
    help="Of REST.  [default: 9000]",
)
@click.option(
    "--grpc-port",
    type=_PORT,
    envvar="PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
    show_envvar=True,
    help="Of gRPC.  [default: 5000]",
)
@click.option("--metrics-port", type=_PORT, help="Of the metrics page.  [default: 6000]")
@click.option("--workers", type=_COUNT, help="Processes, each with a component of its own.")
@click.option("--threads", type=_COUNT, help="Threads of each that call the component.")
@click.option(
    "--single-threaded",
    type=bool,
    envvar="FLASK_SINGLE_THREADED",
    show_envvar=True,
    help="One process, one thread.",
)
@click.option("--grpc-threads", type=_COUNT, help="gRPC calls that are held at the same time.")
@click.option("--grpc-workers", type=_COUNT, envvar="GRPC_WORKERS", show_envvar=True, help="0: no gRPC.")
@click.option("--max-requests", type=_COUNT, help="Calls after which a process is replaced.")
@click.option("--max-requests-jitter", type=_COUNT, help="Up to so many calls more.")
@click.option(
    "--keepalive",
    type=_COUNT,
    envvar="GUNICORN_KEEPALIVE",
    show_envvar=True,
    help="Seconds an idle connection is kept.",
)
@click.option(
    "--access-log", is_flag=True, envvar="GUNICORN_ACCESS_LOG", show_envvar=True, help="Log every request."
)
@click.option("--tracing", is_flag=True, envvar="TRACING", show_envvar=True, help="Trace calls.")
@click.option("--pidfile", type=click.Path(path_type=Path), help="File to write the process id to.")
def command(pidfile: Path | None, **given: Any) -> None:
    """Serve INTERFACE_NAME over REST (port 9000) and gRPC (5000), or over API_TYPE alone (5000)."""
    words = translated(**given)
    with _told(pidfile):
        sys.exit(run(words))


def translated(
    *,
    interface_name: str,
    api_type: str | None = None,
    http_port: int | None = None,
    grpc_port: int | None = None,
    grpc_workers: int | None = None,
    **given: Any,
) -> list[str]:
    """The command line of ``seldon-run`` for these arguments; None and False stand for what was not given."""
    rest, grpc = api_type != "GRPC", api_type != "REST"
    if api_type is None:
        http_port = HTTP_PORT if http_port is None else http_port
        grpc_port = GRPC_PORT if grpc_port is None else grpc_port
        grpc = grpc_workers != 0
    words = [interface_name, ",".join(name for name, wanted in (("REST", rest), ("GRPC", grpc)) if wanted)]
    if rest:
        words += _option("--http-port", http_port)
        words += _option(
            "--http-keep-alive", None if given.get("keepalive") is None else max(1, given["keepalive"])
        )
    if grpc:
        words += _option("--grpc-port", grpc_port)
        words += _option("--grpc-threads", given.get("grpc_threads"))
    if given.get("single_threaded"):
        given = {**given, "workers": 1, "threads": 1}
    elif grpc and grpc_workers and given.get("workers") is None:
        given = {**given, "workers": grpc_workers if grpc_workers > 1 else None}
    if given.get("debug") and given.get("log_level") is None:
        given = {**given, "log_level": "DEBUG"}
    for name in _SAME:
        words += _option(f"--{name.replace('_', '-')}", given.get(name))
    for name in _SWITCHES:
        if given.get(name):
            words += _switch(f"--{name.replace('_', '-')}")
    return words


_SAME = (
    "service_type",
    "persistence",
    "parameters",
    "log_level",
    "metrics_port",
    "workers",
    "threads",
    "max_requests",
    "max_requests_jitter",
)
_SWITCHES = ("access_log", "tracing")


def _option(flag: str, value: Any) -> list[str]:
    return [] if value is None else [f"{flag}={value}"]


def _switch(flag: str) -> list[str]:
    """A switch of ``seldon-run``, if it has that one."""
    if any(flag in option.opts for option in options()):
        return [flag]
    click.echo(f"seldon-core-microservice: {flag} has no effect: seldon-run has nothing like it", err=True)
    return []


@contextmanager
def _told(pidfile: Path | None) -> Iterator[None]:
    if pidfile is None:
        yield
        return
    pidfile.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        pidfile.unlink(missing_ok=True)
