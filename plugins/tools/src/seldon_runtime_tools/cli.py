"""``seldon-component``: a group whose commands are imported when they are asked for."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "manifest": "seldon_runtime_tools.manifest",
    "new": "seldon_runtime_tools.new_component",
    "new-plugin": "seldon_runtime_tools.new_plugin",
    "test": "seldon_runtime_tools.trial",
}
"""Name of each command, and the module whose ``command`` it is."""


class Commands(click.Group):
    """Finds its commands in :data:`COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.command(cls=Commands)
@click.version_option(package_name="seldon-runtime-tools")
def main() -> None:
    """Write, try and deploy a component of the Seldon runtime."""
