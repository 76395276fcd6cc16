"""Which plugins are installed, chosen, broken or clashing: ``seldon-run plugins``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seldon_runtime import plugins
from seldon_runtime.options import Selection
from seldon_runtime.plugin_trial import Trial, try_plugins
from seldon_runtime.plugins import Plugin

CLASH = "CLASH: another distribution has the same name"


@dataclass(frozen=True, slots=True)
class Row:
    """One installed plugin."""

    plugin: Plugin
    is_selected: bool
    is_clash: bool
    why: str
    """Why it is, or is not, selected."""
    trial: Trial

    @property
    def state(self) -> str:
        """``ok``, ``broken`` or ``clash``."""
        return "clash" if self.is_clash else "broken" if self.trial.fault else "ok"


def trials() -> dict[Plugin, Trial]:
    """Every installed plugin, tried unless another one has its name. Blocks for a second or so."""
    found = [plugin for group in plugins.SETTING_OF for plugin in plugins.installed(group)]
    names = Counter((plugin.group, plugin.name) for plugin in found)
    tried = try_plugins([plugin for plugin in found if names[plugin.group, plugin.name] == 1])
    return {plugin: tried.get(plugin, Trial(CLASH)) for plugin in found}


def survey(tried: Mapping[Plugin, Trial], selection: Selection, given: Mapping[str, bool]) -> list[Row]:
    """The plugins, and whether and why each is selected.

    Args:
        tried: from :func:`trials`.
        selection: what is chosen.
        given: whether the setting of a group was given; one that is not there counts as given.
    """
    rows = []
    for plugin, trial in tried.items():
        setting = plugins.SETTING_OF[plugin.group]
        selected = plugin.name in selection.names()[plugin.group]
        why = f"{setting} names it" if selected else f"{setting} does not name it"
        if selected and not given.get(plugin.group, True):
            why = f"default of {setting}"
        rows.append(Row(plugin, selected, trial.fault == CLASH, why, trial))
    return rows


def table(rows: Sequence[Row]) -> str:
    """For people: a line for each, and below it what is wrong with those that are broken."""
    cells = [("KIND", "NAME", "DISTRIBUTION", "VERSION", "SELECTED", "STATE", "WHY")]
    for row in rows:
        plugin = row.plugin
        selected = "yes" if row.is_selected else "no"
        why = CLASH if row.is_clash else row.why
        cells.append(
            (plugin.kind, plugin.name, plugin.distribution, plugin.version, selected, row.state, why)
        )
    faults = [f"\n{row.trial.fault}" for row in rows if row.state == "broken"]
    return "\n".join([aligned(cells), *faults])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lines whose columns stand below each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
