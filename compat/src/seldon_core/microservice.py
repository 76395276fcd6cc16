"""The command ``seldon-core-microservice``: translates its arguments for ``seldon-run``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from seldon_runtime import run
from seldon_runtime.plugin import ServiceType
from seldon_runtime.plugin import parse_parameters as typed_parameters

HTTP_PORT, GRPC_PORT = 9000, 5000
"""Ports of the two transports without an API type."""

PARAMETERS_ENV_NAME = "PREDICTIVE_UNIT_PARAMETERS"

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "WARN", "FATAL", "NOTSET")
_SWITCHES = ("--debug", "--access-log", "--tracing")
_TRUE, _FALSE = ("1", "t", "true", "y", "yes", "on"), ("0", "f", "false", "n", "no", "off")
_ANNOTATIONS = Path("/etc/podinfo/annotations")
_PORT = click.IntRange(0, 65535)
_COUNT = click.IntRange(0)


def main() -> NoReturn:
    """Run the console script."""
    command.main(prog_name="seldon-core-microservice")
    raise AssertionError("click ends the process")


class _Truth(click.types.BoolParamType):
    """A switch, for which any text but a word for true counts as false, as in the wrapper."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bool:
        """Return the truth of a word."""
        return value if isinstance(value, bool) else str(value).strip().lower() in _TRUE


_TRUTH = _Truth()


class _Command(click.Command):
    """The command, whose switches may have a value, as in ``--debug true``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write each switch with its value as one word."""
        words, left = [], list(args)
        while left:
            word = left.pop(0)
            if word in _SWITCHES:
                has_value = bool(left) and left[0].lower() in _TRUE + _FALSE
                word = f"{word}={left.pop(0) if has_value else 'true'}"
            words.append(word)
        return super().parse_args(ctx, words)


@click.command(cls=_Command)
@click.argument("interface_name")
@click.argument(
    "api_type",
    required=False,
    metavar="[REST|GRPC]",
    type=click.Choice(["REST", "GRPC"], case_sensitive=False),
)
@click.option("--service-type", type=click.Choice([t.value for t in ServiceType], case_sensitive=False))
@click.option("--persistence", is_flag=False, flag_value="1", help="1: keep the component's state in Redis.")
@click.option("--parameters", help="JSON list of constructor parameters.")
@click.option("--log-level", type=click.Choice(_LEVELS, case_sensitive=False))
@click.option(
    "--debug", type=_TRUTH, envvar="SELDON_DEBUG", show_envvar=True, help="The same as --log-level DEBUG."
)
@click.option(
    "--http-port",
    type=_PORT,
    envvar="PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
    show_envvar=True,
    help="Port of REST.  [default: 9000]",
)
@click.option(
    "--grpc-port",
    type=_PORT,
    envvar="PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
    show_envvar=True,
    help="Port of gRPC.  [default: 5000]",
)
@click.option("--metrics-port", type=_PORT, help="Port of the metrics page.  [default: 6000]")
@click.option("--workers", type=_COUNT, help="Number of processes, each with its own component.")
@click.option("--threads", type=_COUNT, help="Threads that call the component in each process.")
@click.option(
    "--single-threaded",
    type=_TRUTH,
    envvar="FLASK_SINGLE_THREADED",
    show_envvar=True,
    help="Use one process and one thread.",
)
@click.option("--grpc-threads", type=_COUNT, help="Number of concurrent gRPC calls.")
@click.option(
    "--grpc-workers",
    type=_COUNT,
    envvar="GRPC_WORKERS",
    show_envvar=True,
    help="Number of processes for gRPC; 0 turns gRPC off.",
)
@click.option("--max-requests", type=_COUNT, help="Restart a process after this many calls.")
@click.option("--max-requests-jitter", type=_COUNT, help="Add up to this many calls at random.")
@click.option(
    "--keepalive",
    type=_COUNT,
    envvar="GUNICORN_KEEPALIVE",
    show_envvar=True,
    help="Seconds that an idle connection stays open.",
)
@click.option(
    "--access-log", type=_TRUTH, envvar="GUNICORN_ACCESS_LOG", show_envvar=True, help="Log every request."
)
@click.option(
    "--tracing",
    type=_TRUTH,
    envvar="TRACING",
    show_envvar=True,
    help="No effect: the runtime has no built-in tracing.",
)
@click.option("--pidfile", type=click.Path(path_type=Path), help="File to write the process id to.")
def command(pidfile: Path | None, **given: Any) -> None:
    """Serve INTERFACE_NAME over REST (port 9000) and gRPC (5000), or over API_TYPE alone (5000)."""
    words = [*translated(**given), *_as_in_the_wrapper(given)]
    with _written(pidfile):
        sys.exit(run(words))


def _as_in_the_wrapper(given: dict[str, Any]) -> list[str]:
    """Return the words for the wrapper's own ways, where the environment does not choose."""
    words = []
    if not _has_several_threads(given) and "SELDON_COMPONENT_THREAD" not in os.environ:
        words.append("--component-thread=main")  # for libraries that need it
    if "SELDON_TYPE_HINTS" not in os.environ:
        words.append("--type-hints=ignore")  # which may not be true
    return words


def translated(
    *,
    interface_name: str,
    api_type: str | None = None,
    http_port: int | None = None,
    grpc_port: int | None = None,
    grpc_workers: int | None = None,
    **given: Any,
) -> list[str]:
    """Return the command line of ``seldon-run`` for these arguments; None and False mean absent."""
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
    if given.get("access_log"):
        words.append("--access-log")
    if given.get("tracing"):
        click.echo(
            "seldon-core-microservice: --tracing has no effect: seldon-run does not trace calls", err=True
        )
    return words


def parse_parameters(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the value of each parameter by name, from a list of ``{"name", "value", "type"}``.

    Raises:
        StartupError: a type is unknown, or a value does not have its type.
    """
    return typed_parameters(json.dumps(parameters))


def load_annotations() -> dict[str, str]:
    """Return the annotations of the pod; empty outside of Kubernetes."""
    if not _ANNOTATIONS.is_file():
        return {}
    pairs = [line.partition("=") for line in _ANNOTATIONS.read_text().splitlines() if "=" in line]
    return {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _has_several_threads(given: dict[str, Any]) -> bool:
    if given.get("single_threaded"):
        return False
    texts = [given.get("threads"), os.environ.get("SELDON_THREADS"), os.environ.get("GUNICORN_THREADS")]
    first = next((str(text) for text in texts if text not in (None, "")), "1")
    return first not in ("0", "1")


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


def _option(flag: str, value: Any) -> list[str]:
    return [] if value is None else [f"{flag}={value}"]


@contextmanager
def _written(pidfile: Path | None) -> Iterator[None]:
    if pidfile is None:
        yield
        return
    pidfile.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        pidfile.unlink(missing_ok=True)
