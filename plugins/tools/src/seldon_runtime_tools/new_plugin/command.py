"""The command ``seldon-component new-plugin``: writes a plugin's distribution that passes its tests."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import click

from seldon_runtime import __version__
from seldon_runtime_tools.new_plugin.kinds import KINDS, Kind
from seldon_runtime_tools.skeleton import new_folder, write

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.group(
    "new-plugin",
    short_help="Write the folder of a new plugin.",
    subcommand_metavar="KIND NAME [--folder FOLDER]",
)
def command() -> None:
    """Write the distribution of a plugin that works and passes its tests. Change it into yours."""


def _command_of(kind: Kind) -> click.Command:
    @click.command(kind.name, help=_help(kind), short_help=f"{kind.title}, selected by {kind.selection}")
    @click.argument("name")
    @click.option(
        "--folder",
        type=click.Path(path_type=Path),
        help="Folder to write; must be new or empty.  [default: seldon-NAME]",
    )
    def write_plugin(name: str, folder: Path | None) -> None:
        _check(kind, name)
        folder = new_folder(folder or Path(f"seldon-{name}"))
        written = sorted(write(folder, kind.parts, {**kind.words, **words_for(name)}))
        click.echo(
            f"wrote {folder}/: {', '.join(written)}\n"
            f"Test it with: pip install -e '{folder}[test]' && pytest {folder}"
        )

    return write_plugin


def _help(kind: Kind) -> str:
    behaviour = kind.behaviour.replace("my-name", "NAME").replace("MY_NAME", "NAME").replace("`", "")
    return (
        f"Write {kind.title} that {kind.selection} selects. Change the plugin into yours.\n\n"
        f"{behaviour}\n\nChoose a short NAME in lower case, such as zmq or my-queue."
    )


def words_for(name: str) -> dict[str, str]:
    """Return the replacements of the words that stand for the name, and of the version."""
    parts = name.split("-")
    return {
        "my-name": name,
        "my_name": "_".join(parts),
        "MY_NAME": "_".join(parts).upper(),
        "MY-NAME": name.upper(),
        "MyName": "".join(part.capitalize() for part in parts),
        "0.0.0": ".".join(__version__.split(".")[:2]) + ".0",
    }


def _check(kind: Kind, name: str) -> None:
    """Check the form of the name, and that no plugin of the group and no module ``seldon_<name>`` has it."""
    if not _NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} must consist of lower-case letters, digits and single dashes", param_hint="NAME"
        )
    for entry in entry_points(group=kind.entry_points):
        if entry.name.lower() == name:
            raise click.BadParameter(
                f"an installed plugin of {kind.entry_points} has the name {name!r} ({entry.value})",
                param_hint="NAME",
            )
    module = f"seldon_{name.replace('-', '_')}"
    if find_spec(module) is not None:
        raise click.BadParameter(f"a module {module} is installed", param_hint="NAME")


for _kind in KINDS:
    command.add_command(_command_of(_kind))
