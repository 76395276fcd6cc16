"""``seldon-run plugins``: the installed plugins, which are selected and why, broken, or clash."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from seldon_runtime.diagnostics.plugin_check import PluginCheck, check_plugins
from seldon_runtime.diagnostics.tables import table
from seldon_runtime.errors import StartupError
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.command_line import read_selection
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.plugins.selection import Selection
from seldon_runtime.settings.secrets import redacted

CLASH = "CLASH: another distribution has the same name"
_HELP = """List the installed plugins, whether and why each is selected, and which are broken or clash.

Give the same WORDS as to seldon-run, such as MyModel REST; the same environment variables count."""


def command() -> click.Command:
    """Return the command ``plugins``."""
    words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
    return click.Command(
        "plugins",
        callback=_list_plugins,
        params=[words],
        context_settings={"ignore_unknown_options": True},
        help=_HELP,
    )


def _list_plugins(words: tuple[str, ...]) -> None:
    selection = read_selection(words, os.environ)
    try:
        selection.plugins()
    except StartupError as error:
        click.echo(redacted(f"seldon-run: {error}"), err=True)
    click.echo(redacted(plugin_table(survey(check_all(), selection))))


@dataclass(frozen=True, slots=True)
class Row:
    """One installed plugin."""

    plugin: Plugin
    is_selected: bool
    is_clash: bool
    why: str
    """The reason why it is, or is not, selected."""
    check: PluginCheck

    @property
    def state(self) -> str:
        """``ok``, ``broken`` or ``clash``."""
        return "clash" if self.is_clash else "broken" if self.check.fault else "ok"


def check_all() -> dict[Plugin, PluginCheck]:
    """Check every installed plugin, unless another one has its name. Blocks for some seconds."""
    found = [plugin for group in registry.SETTING_OF for plugin in registry.installed(group)]
    names = Counter((plugin.group, plugin.name) for plugin in found)
    checked = check_plugins([plugin for plugin in found if names[plugin.group, plugin.name] == 1])
    return {plugin: checked.get(plugin, PluginCheck(CLASH)) for plugin in found}


def survey(checked: Mapping[Plugin, PluginCheck], selection: Selection) -> list[Row]:
    """Return a row for each plugin: whether and why it is selected.

    Args:
        checked: from :func:`check_all`.
        selection: the chosen plugins.
    """
    rows = []
    for plugin, check in checked.items():
        setting = registry.SETTING_OF[plugin.group]
        selected = plugin.name in selection.names()[plugin.group]
        why = f"{setting} names it" if selected else f"{setting} does not name it"
        if selected and selection.is_default(plugin.group):
            why = f"default of {setting}"
        rows.append(Row(plugin, selected, check.fault == CLASH, why, check))
    return rows


def plugin_table(rows: Sequence[Row]) -> str:
    """Return a table with a line for each plugin, and the faults of the broken plugins below it."""
    cells = [("KIND", "NAME", "DISTRIBUTION", "VERSION", "SELECTED", "STATE", "WHY")]
    for row in rows:
        plugin = row.plugin
        selected = "yes" if row.is_selected else "no"
        why = CLASH if row.is_clash else row.why
        cells.append(
            (plugin.kind, plugin.name, plugin.distribution, plugin.version, selected, row.state, why)
        )
    faults = [f"\n{row.check.fault}" for row in rows if row.state == "broken"]
    return "\n".join([table(cells), *faults])
