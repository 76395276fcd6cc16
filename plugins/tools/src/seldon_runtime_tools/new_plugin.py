"""``seldon-component new-plugin``: the distribution of a new plugin, which passes its tests as it is."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import click

from seldon_runtime import __version__, plugins
from seldon_runtime_tools.skeleton import new_folder, write

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.group("new-plugin")
def command() -> None:
    """Write the distribution of a new plugin."""


@command.command("transport")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where to write it; new or empty.  [default: seldon-NAME]",
)
def transport(name: str, folder: Path | None) -> None:
    """Write a transport that API_TYPE=NAME chooses: lines of JSON over TCP, to be changed into what you need.

    NAME is short and in lower case, such as zmq or my-queue.
    """
    _check(name)
    folder = new_folder(folder or Path(f"seldon-{name}"))
    written = sorted(write(folder, ("plugin_transport",), words_for(name)))
    click.echo(
        f"{folder}/ is written: {', '.join(written)}\n"
        f"Try it with: pip install -e '{folder}[test]' && pytest {folder}"
    )


new_plugin = command


def words_for(name: str) -> dict[str, str]:
    """What the words of the template become."""
    parts = name.split("-")
    return {
        "my-name": name,
        "my_name": "_".join(parts),
        "MY_NAME": "_".join(parts).upper(),
        "MY-NAME": name.upper(),
        "MyName": "".join(part.capitalize() for part in parts),
        "0.0.0": ".".join(__version__.split(".")[:2]) + ".0",
    }


def _check(name: str) -> None:
    """The name must be one, and neither a transport's nor, as ``seldon_<name>``, a module's already."""
    if not _NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} is no name: lower-case letters, digits and single dashes are", param_hint="NAME"
        )
    for plugin in plugins.installed(plugins.TRANSPORT):
        if plugin.name == name:
            raise click.BadParameter(f"there is a {plugin} already", param_hint="NAME")
    module = f"seldon_{name.replace('-', '_')}"
    if find_spec(module) is not None:
        raise click.BadParameter(f"there is a module {module} already", param_hint="NAME")


if __name__ == "__main__":
    command()
