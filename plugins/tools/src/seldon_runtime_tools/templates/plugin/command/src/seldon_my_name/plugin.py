"""The hook of the plugin, and its command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from seldon_runtime.plugin import Limits, Message, Method, SeldonError, StartupError, hookimpl
from seldon_runtime.protocols.v1.codec import JsonCodec


@click.command("my-name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--method", type=click.Choice(["predict", "route"]), default="predict", help="Method to call.")
def my_name(file: Path, method: str) -> int:
    """Check a file of requests: a SeldonMessage as JSON on each line."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise StartupError(f"cannot read {file}: {error}") from None
    codec = JsonCodec(Limits())
    faults = 0
    for number, line in enumerate(lines, 1):
        try:
            click.echo(f"{number}: {_described(codec.read(Method(method), line))}")
        except SeldonError as error:
            faults += 1
            click.echo(f"{number}: invalid: {error.message}")
    return 1 if faults else 0  # the exit status


def _described(request: object) -> str:
    assert isinstance(request, Message)
    assert request.payload is not None
    kind, value = request.payload.kind.value, request.payload.value
    return f"{kind} of shape {value.shape}" if hasattr(value, "shape") else kind


@hookimpl
def seldon_commands() -> Sequence[click.Command]:
    """Return the commands of ``seldon-run``."""
    return [my_name]
