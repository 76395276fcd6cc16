"""What plugins add to the command line: options and commands, no two of one name."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.errors import StartupError
from seldon_runtime.options import arguments, options
from seldon_runtime.plugins import CORE, PluginSet

OWN_COMMANDS = {"doctor": "seldon_runtime.doctor", "state": "seldon_runtime.state_command"}
"""The core's: by name, the module with the hook that gives it. Imported when it is asked for."""


def commands_of(plugin_set: PluginSet) -> dict[str, click.Command]:
    """By name. Raises StartupError when two have one name, or one has that of a command of the core."""
    commands: dict[str, click.Command] = {}
    owners = dict.fromkeys(OWN_COMMANDS, CORE)
    for label, command in plugin_set.collect("seldon_commands"):
        if label != CORE:
            _claim(owners, label, "a command", str(command.name))
        commands[str(command.name)] = command
    return commands


def params_of(
    plugin_set: PluginSet, own: Sequence[click.Parameter] = ()
) -> list[tuple[str, click.Parameter]]:
    """All options and arguments, each with whose it is; ``own`` are further ones of the core.

    Raises:
        StartupError: two have one flag or name.
    """
    params: list[tuple[str, click.Parameter]] = [(CORE, param) for param in (*arguments(), *options(), *own)]
    params += plugin_set.collect("seldon_options")
    owners: dict[str, str] = {}
    for label, param in params:
        # the name too: it is the key in the settings, and a clash there would go unnoticed
        for word in dict.fromkeys([*param.opts, *param.secondary_opts, str(param.name)]):
            _claim(owners, label, "an option", word)
    return params


def _claim(owners: dict[str, str], label: str, what: str, name: str) -> None:
    if name in owners:
        raise StartupError(f"{label} has {what} {name}, which {owners[name]} has too")
    owners[name] = label
