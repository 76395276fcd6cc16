"""Options and commands of the core and the selected plugins, which need unique names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from seldon_runtime.errors import StartupError
from seldon_runtime.plugins.manager import CORE, PluginSet
from seldon_runtime.settings.options import arguments, options

OWN_COMMANDS = {
    "doctor": "Explain what is installed, selected and set, and what is wrong.",
    "plugins": "List the installed plugins, and why each is selected or not.",
    "state": "Inspect, export, restore and delete stored state.",
}
"""The core's commands, each with a line of help. The core imports a command only to run it."""


def commands_of(plugin_set: PluginSet) -> dict[str, click.Command]:
    """Return the plugins' commands by name.

    Raises:
        StartupError: two commands have the same name.
    """
    commands: dict[str, click.Command] = {}
    owners = dict.fromkeys(OWN_COMMANDS, CORE)
    for label, command in plugin_set.collect("seldon_commands"):
        _claim(owners, label, "a command", str(command.name))
        commands[str(command.name)] = command
    return commands


def params_of(
    plugin_set: PluginSet, own: Sequence[click.Parameter] = ()
) -> list[tuple[str, click.Parameter]]:
    """Return all options and arguments, each with the label of its owner.

    Args:
        plugin_set: the selected plugins.
        own: further options of the core.

    Raises:
        StartupError: two options have the same flag or name, or the same environment variable in two owners.
    """
    params: list[tuple[str, click.Parameter]] = [(CORE, param) for param in (*arguments(), *options(), *own)]
    params += plugin_set.collect("seldon_options")
    owners: dict[str, str] = {}
    for label, param in params:
        # the name is the key in the settings, where a clash would go unnoticed
        for word in dict.fromkeys([*param.opts, *param.secondary_opts, str(param.name)]):
            _claim(owners, label, "an option", word)
    _refuse_shared_variables(params)
    return params


def variables_of(option: click.Parameter) -> Sequence[str]:
    """Return the environment variables of an option or argument."""
    variables: Any = option.envvar
    if variables is None:
        return []
    return [variables] if isinstance(variables, str) else list(variables)


def _refuse_shared_variables(params: Sequence[tuple[str, click.Parameter]]) -> None:
    """Raise StartupError if a plugin's option reads an environment variable of another owner's option."""
    owners: dict[str, str] = {}
    for label, param in params:
        for variable in variables_of(param):
            if owners.setdefault(variable, label) != label:
                raise StartupError(
                    f"{label} reads the environment variable {variable} for its option {param.opts[0]}, as "
                    f"{owners[variable]} does: leave one of them out"
                )


def _claim(owners: dict[str, str], label: str, kind: str, name: str) -> None:
    if name in owners:
        raise StartupError(f"{label} defines {kind} {name}, as {owners[name]} does: leave one of them out")
    owners[name] = label
