"""``seldon-component new``: the folder of a new component."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

import click

from seldon_runtime.identity import ServiceType

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
    folder = folder or Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.ClickException(f"{folder} exists and is not empty; choose another one with --folder")
    kind = ServiceType(service_type)
    path, body = EXAMPLES[kind]
    words = {
        "MyComponent": name,
        "MY_SERVICE_TYPE": kind.value,
        "MY_API_TYPE": api_type.upper(),
        "MY_PATH": path,
        "MY_BODY": body,
    }
    written = sorted(write(folder, ("common", kind.value), words))
    click.echo(f"{folder}/ is written: {', '.join(written)}\nTry it with: seldon-component test {folder}")


def write(folder: Path, parts: tuple[str, ...], words: Mapping[str, str]) -> Iterator[str]:
    """Copy these template folders to ``folder``, words replaced in texts and names; yields the names."""
    for part in parts:
        for name, text in _texts(files(__package__) / "templates" / "component" / part, ""):
            for word, value in words.items():
                name, text = name.replace(word, value), text.replace(word, value)
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            yield name


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _texts(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text("utf-8")


def _check(name: str) -> None:
    """A module of that name must be importable, and must not hide another one."""
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        raise click.BadParameter(f"{name!r} is no name for a class and its module", param_hint="NAME")
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        raise click.BadParameter(
            f"there is a module {name!r} already, which the component would hide", param_hint="NAME"
        )
