"""The command ``seldon-component``: a group that imports a command when it runs."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "manifest": "seldon_runtime_tools.manifest",
    "new": "seldon_runtime_tools.new_component",
    "new-plugin": "seldon_runtime_tools.new_plugin.command",
    "test": "seldon_runtime_tools.contract_check",
}
"""The module of each command; its attribute ``command`` is the click command."""


class Commands(click.Group):
    """A group that finds its commands in :data:`COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.command(cls=Commands)
@click.version_option(package_name="seldon-runtime-tools")
def main() -> None:
    """Write, test and deploy a component of the Seldon runtime."""
