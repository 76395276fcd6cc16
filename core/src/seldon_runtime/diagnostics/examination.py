"""The examination behind ``seldon-run doctor``: everything that a start would use, without a start."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import click

from seldon_runtime.diagnostics import checks, versions
from seldon_runtime.diagnostics.checks import Finding
from seldon_runtime.diagnostics.component_check import check_component
from seldon_runtime.diagnostics.effective_settings import Effective, effective
from seldon_runtime.diagnostics.plugin_check import PluginCheck
from seldon_runtime.diagnostics.plugin_report import Row, check_all, survey
from seldon_runtime.errors import StartupError
from seldon_runtime.plugins import entry_points, registry
from seldon_runtime.plugins.command_line import read_selection
from seldon_runtime.plugins.contributions import params_of, variables_of
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.plugins.selection import Selection
from seldon_runtime.settings.options import mode_options
from seldon_runtime.settings.values import Settings

_SEVERITIES = ("error", "warning", "note")


@dataclass(slots=True)
class Report:
    """The findings of one examination, and the facts behind them."""

    rows: Sequence[Row] = ()
    found: Effective = field(default_factory=Effective)
    findings: list[Finding] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """True if a start with these settings should succeed, as far as checks from outside can tell."""
        return not any(finding.severity == "error" for finding in self.findings)


def examine(words: Sequence[str]) -> Report:
    """Examine everything that ``seldon-run`` with these words would use."""
    checked = check_all()
    selection, report = read_selection(words, os.environ), Report()
    chosen = _chosen(selection, checked, report.findings)
    params, clash = _params(chosen)
    report.found = effective(params, words)
    modes = {option.name for option in mode_options()}
    report.found.settings = [setting for setting in report.found.settings if setting.name not in modes]
    report.found.faults += clash
    if not report.found.faults and Selection.of(report.found.values) != selection:
        report.found.faults.append(
            "MODEL_NAME and API_TYPE are not clear: write them first, before the options of plugins"
        )
    report.rows = survey(checked, selection)
    report.findings += [Finding("error", fault) for fault in report.found.faults]
    report.findings += _of_unselected(report.rows)
    report.findings += _hazards(selection, chosen, report, words)
    report.findings.sort(key=lambda finding: _SEVERITIES.index(finding.severity))
    report.versions = versions.versions(dict.fromkeys(row.plugin.distribution for row in report.rows))
    return report


def _of_unselected(rows: Sequence[Row]) -> list[Finding]:
    return [
        Finding("warning", f"{row.plugin} is not selected, and could not be: {row.check.fault}")
        for row in rows
        if row.state != "ok" and not row.is_selected
    ]


def _params(chosen: PluginSet) -> tuple[list[tuple[str, click.Parameter]], list[str]]:
    """Return the options; if those of the plugins clash, only the core's, and why."""
    try:
        return params_of(chosen, mode_options()), []
    except StartupError as error:
        return params_of(PluginSet([]), mode_options()), [str(error)]


def _chosen(
    selection: Selection, checked: Mapping[Plugin, PluginCheck], findings: list[Finding]
) -> PluginSet:
    """Return the selected plugins that can be used, and add a finding for each of the others."""
    usable: list[Plugin] = []
    for group, names in selection.names().items():
        for name in names:
            try:
                plugin = registry.find(group, name)
            except StartupError as error:
                findings.append(Finding("error", str(error)))
                continue
            if plugin in usable:
                setting = registry.SETTING_OF[group]
                findings.append(Finding("error", f"{setting} names {plugin.name!r} twice"))
            elif fault := checked[plugin].fault:
                findings.append(Finding("error", fault))
            else:
                usable.append(plugin)
    try:
        return PluginSet(usable)
    except StartupError as error:
        findings.append(Finding("error", str(error)))
        return PluginSet([])


def _hazards(
    selection: Selection, chosen: PluginSet, report: Report, words: Sequence[str]
) -> Iterator[Finding]:
    yield from checks.of_damage(entry_points.damaged())
    yield from checks.of_requirements(
        ["seldon-runtime", *(plugin.distribution for plugin in chosen.chosen if plugin.distribution)]
    )
    known = [v for row in report.rows for v in row.check.variables]
    known += [v for _, param in params_of(PluginSet([])) for v in variables_of(param)]
    yield from checks.of_variables(os.environ, known)
    yield from checks.of_choice(selection, report.found)
    yield from checks.of_secrets(report.found)
    if report.found.faults:
        return  # the rest would only follow from those
    settings = Settings(report.found.values, selection.transports)
    yield from checks.of_processes(settings)
    yield from checks.of_extras(settings)
    yield from checks.of_state(chosen, selection, settings)
    yield from checks.of_transports(chosen.chosen, selection.transports, settings, words)
    if settings["model_name"]:
        found = check_component(chosen.chosen, selection.transports, words)
        yield from checks.of_component(found, settings)
