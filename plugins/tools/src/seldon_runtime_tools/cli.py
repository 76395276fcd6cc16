"""The command ``seldon-component``: a group that imports a command when it runs."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

from seldon_runtime.plugin import StartupError

COMMANDS = {
    "manifest": "seldon_runtime_tools.manifest",
    "new": "seldon_runtime_tools.new_component",
    "new-plugin": "seldon_runtime_tools.new_plugin.command",
    "test": "seldon_runtime_tools.contract_check",
}
"""The module of each command; its attribute ``command`` is the click command."""

CONTRIBUTED = "seldon_component.command"
"""The group of entry points by which other distributions add commands."""
_GRAPH_FILES = (".yaml", ".yml", ".json")


class Commands(click.Group):
    """A group that finds its commands in :data:`COMMANDS` and among entry points."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*COMMANDS, *_contributed()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None for an unknown name."""
        command: click.Command | None = None
        if cmd_name in COMMANDS:
            command = import_module(COMMANDS[cmd_name]).command
        elif cmd_name in (contributed := _contributed()):
            command = contributed[cmd_name].load()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command for the words; that of graphs for the manifest of a graph's file."""
        if args and args[0] == "manifest" and any(map(_is_graph, args[1:])):
            args = ["manifest-graph", *args[1:]]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of the runtime is one of the command line."""
        try:
            return super().invoke(ctx)
        except StartupError as error:
            raise click.ClickException(str(error)) from error


def _contributed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=CONTRIBUTED)}


def _is_graph(word: str) -> bool:
    return word.endswith(_GRAPH_FILES) and Path(word).is_file()


@click.command(cls=Commands)
@click.version_option(package_name="seldon-runtime-tools")
def main() -> None:
    """Write, test and deploy a component of the Seldon runtime."""
