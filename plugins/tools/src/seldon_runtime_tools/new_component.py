"""``seldon-component new``: the folder of a new component."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import click

from seldon_runtime.identity import ServiceType
from seldon_runtime_tools.skeleton import new_folder, write

_ROW = '{"data": {"names": ["a", "b"], "ndarray": [[0.5, -0.5]]}}'
EXAMPLES: Mapping[ServiceType, tuple[str, str]] = {
    ServiceType.MODEL: ("/predict", _ROW),
    ServiceType.ROUTER: ("/route", _ROW),
    ServiceType.TRANSFORMER: ("/transform-input", _ROW),
    ServiceType.COMBINER: ("/aggregate", f'{{"seldonMessages": [{_ROW}, {_ROW}]}}'),
    ServiceType.OUTLIER_DETECTOR: ("/transform-input", _ROW),
}
"""Path and body of the request that the README of each kind shows."""


@click.command("new")
@click.argument("name")
@click.option(
    "--service-type",
    type=click.Choice([t.value for t in ServiceType], case_sensitive=False),
    default=ServiceType.MODEL.value,
    show_default=True,
    help="What the component is in a graph.",
)
@click.option("--api-type", default="REST", show_default=True, help="Transports: REST, GRPC, or REST,GRPC.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where to write it; new or empty.  [default: NAME]"
)
def command(name: str, service_type: str, api_type: str, folder: Path | None) -> None:
    """Write the folder of a component whose class is NAME: code, test, Dockerfile and all."""
    _check(name)
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
    click.echo(f"{folder}/ is written: {', '.join(written)}\nTry it with: seldon-component test {folder}")


def _check(name: str) -> None:
    """A module of that name must be importable, and must not hide another one."""
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        raise click.BadParameter(f"{name!r} is no name for a class and its module", param_hint="NAME")
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        raise click.BadParameter(
            f"there is a module {name!r} already, which the component would hide", param_hint="NAME"
        )
