"""The command ``seldon-component new``: writes the folder of a component."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import click

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools.skeleton import new_folder, write

_API_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(,[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_ROW = '{"data": {"names": ["a", "b"], "ndarray": [[0.5, -0.5]]}}'
EXAMPLES: Mapping[ServiceType, tuple[str, str]] = {
    ServiceType.MODEL: ("/predict", _ROW),
    ServiceType.ROUTER: ("/route", _ROW),
    ServiceType.TRANSFORMER: ("/transform-input", _ROW),
    ServiceType.COMBINER: ("/aggregate", f'{{"seldonMessages": [{_ROW}, {_ROW}]}}'),
    ServiceType.OUTLIER_DETECTOR: ("/transform-input", _ROW),
}
"""Path and body of the example request in the README of each kind."""


@click.command("new", short_help="Write the folder of a new component.")
@click.argument("name")
@click.option(
    "--service-type",
    type=click.Choice([t.value for t in ServiceType], case_sensitive=False),
    default=ServiceType.MODEL.value,
    show_default=True,
    help="Role of the component in a graph.",
)
@click.option(
    "--api-type", default="REST", show_default=True, help="Transports to serve: REST, GRPC, or REST,GRPC."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Folder to write; must be new or empty.  [default: NAME]",
)
def command(name: str, service_type: str, api_type: str, folder: Path | None) -> None:
    """Write a component whose class is NAME: code, test, contract, Dockerfile and settings."""
    _check(name)
    if not _API_TYPE.fullmatch(api_type):
        raise click.BadParameter(
            f"{api_type!r} must be names of transports with commas, such as REST,GRPC",
            param_hint="--api-type",
        )
    folder = new_folder(folder or Path(name))
    kind = ServiceType(service_type)
    path, body = EXAMPLES[kind]
    words = {
        "MyComponent": name,
        "mycomponent": name.lower(),
        "MY_SERVICE_TYPE": kind.value,
        "MY_API_TYPE": api_type.upper(),
        "MY_PATH": path,
        "MY_BODY": body,
    }
    written = sorted(write(folder, ("component/common", f"component/{kind.value}"), words))
    click.echo(f"wrote {folder}/: {', '.join(written)}\nTest it with: seldon-component test {folder}")


def _hint(name: str) -> str:
    """Return why a word is not a name, or a name that is like it; else an empty text."""
    if keyword.iskeyword(name):
        return f"; {name!r} is a word of Python"
    words = re.findall("[A-Za-z0-9]+", name)
    like = "".join(word[:1].upper() + word[1:] for word in words)
    return f". Did you mean {like}?" if like.isidentifier() else ""


def _check(name: str) -> None:
    """Check that the name can be a class and a module, and hides no other module."""
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        raise click.BadParameter(
            f"{name!r} must be a name for a class and its module: ASCII letters, digits and _{_hint(name)}",
            param_hint="NAME",
        )
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        raise click.BadParameter(
            f"a module {name!r} is installed, which the component would hide", param_hint="NAME"
        )
