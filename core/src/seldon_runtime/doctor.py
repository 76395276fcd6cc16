"""``seldon-run doctor``: what is installed, chosen and set, and what is wrong with it. Nothing is served, and
user code is not imported."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import click

from seldon_runtime import hazards, plugins, published, versions
from seldon_runtime.contributed import params_of
from seldon_runtime.effective import Effective, effective
from seldon_runtime.errors import StartupError
from seldon_runtime.hazards import Finding
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.options import Selection, guess_selection
from seldon_runtime.plugin_table import Row, aligned, survey, table, trials
from seldon_runtime.plugin_trial import Trial, variables_of
from seldon_runtime.plugins import CORE, Plugin, PluginSet
from seldon_runtime.settings import Settings

_ROUNDS = 3
"""The options of the plugins that a guess chooses may change how the words are read, and so the choice."""
_SEVERITIES = ("error", "warning", "note")


@dataclass(slots=True)
class Report:
    """What the doctor has found."""

    rows: Sequence[Row] = ()
    found: Effective = field(default_factory=Effective)
    findings: list[Finding] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether a start with these settings ought to come off, as far as can be told from outside."""
        return not any(finding.severity == "error" for finding in self.findings)


@hookimpl
def seldon_commands() -> Sequence[click.Command]:
    """The command ``doctor``."""
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="For machines.")
    words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
    passing = {"ignore_unknown_options": True}
    return [
        click.Command(
            "doctor", callback=_doctor, params=[as_json, words], context_settings=passing, help=_HELP
        )
    ]


_HELP = """Say what is installed, chosen and set, where each setting comes from, and what is wrong.

WORDS are those that seldon-run would get, such as MyModel REST --workers 2; the
environment counts as it does there. The class is not imported: seldon-run
--check does that. The exit status is 0, or 1 when a start would fail."""


def _doctor(as_json: bool, words: tuple[str, ...]) -> int:
    report = examine(words)
    click.echo(_as_json(report) if as_json else _as_text(report))
    return 0 if report.is_well else 1


def examine(words: Sequence[str]) -> Report:
    """Look at everything that ``seldon-run`` with these words would use."""
    tried = trials()
    selection, report = guess_selection(words, os.environ), Report()
    chosen = PluginSet([])
    for _ in range(_ROUNDS):
        report = Report()
        chosen = _chosen(selection, tried, report.findings)
        params, clash = _params(chosen)
        report.found = effective(params, words)
        report.found.faults += clash
        parsed = Selection.of(report.found.values)
        if parsed == selection:
            break
        selection = parsed
    sources = {name: report.found.source_of(name) for name in ("api_types", "api_type", "metrics")}
    given = {
        plugins.TRANSPORT: (sources["api_types"], sources["api_type"]) != ("default", "default"),
        plugins.METRICS: sources["metrics"] != "default",
    }
    report.rows = survey(tried, selection, given)
    report.findings += [Finding("error", fault) for fault in report.found.faults]
    report.findings += _of_unselected(report.rows)
    report.findings += _hazards(selection, chosen, report)
    report.findings.sort(key=lambda finding: _SEVERITIES.index(finding.severity))
    report.versions = versions.versions(dict.fromkeys(row.plugin.distribution for row in report.rows))
    return report


def _of_unselected(rows: Sequence[Row]) -> list[Finding]:
    return [
        Finding("warning", f"not selected, and it could not be: {row.plugin}: {row.trial.fault}")
        for row in rows
        if row.state != "ok" and not row.is_selected
    ]


def _params(chosen: PluginSet) -> tuple[list[tuple[str, click.Parameter]], list[str]]:
    """The options; only the core's, and why, when those of the plugins clash."""
    try:
        return params_of(chosen), []
    except StartupError as error:
        return params_of(PluginSet([])), [str(error)]


def _chosen(selection: Selection, tried: Mapping[Plugin, Trial], findings: list[Finding]) -> PluginSet:
    """The chosen plugins that can be used; of the others it is noted why not."""
    usable: list[Plugin] = []
    for group, names in selection.names().items():
        for name in names:
            try:
                plugin = plugins.find(group, name)
            except StartupError as error:
                findings.append(Finding("error", str(error)))
                continue
            if plugin in usable:
                setting = plugins.SETTING_OF[group]
                findings.append(Finding("error", f"{setting} names {plugin.name!r} twice"))
            elif fault := tried[plugin].fault:
                findings.append(Finding("error", fault))
            else:
                usable.append(plugin)
    try:
        return PluginSet(usable)
    except StartupError as error:
        findings.append(Finding("error", str(error)))
        return PluginSet([])


def _hazards(selection: Selection, chosen: PluginSet, report: Report) -> Iterator[Finding]:
    yield from hazards.of_damage(published.damaged())
    yield from hazards.of_requirements(
        ["seldon-runtime", *(plugin.distribution for plugin in chosen.chosen if plugin.distribution)]
    )
    known = [v for row in report.rows for v in row.trial.variables]
    known += [v for _, param in params_of(PluginSet([])) for v in variables_of(param)]
    yield from hazards.of_variables(os.environ, known)
    yield from hazards.of_choice(selection, report.found)
    yield from hazards.of_secrets(report.found)
    if report.found.faults:
        return  # the rest would only follow from those
    settings = Settings(report.found.values, selection.transports)
    yield from hazards.of_processes(settings)
    yield from hazards.of_extras(settings)
    yield from hazards.of_state(chosen, selection, settings)
    yield from hazards.of_transports(chosen, settings)


def _as_text(report: Report) -> str:
    settings = [("SETTING", "VALUE", "FROM", "OF")]
    for setting in report.found.settings:
        owner = setting.owner.partition(" (")[0]
        settings.append((setting.name, setting.shown, setting.source, owner))
    distributions = [(name, version or "MISSING") for name, version in report.versions.items()]
    findings = [f"{finding.severity}: {finding.text}" for finding in report.findings]
    if all(finding.severity == "note" for finding in report.findings):
        findings.append("nothing is wrong")
    parts = [
        versions.python(),
        aligned(distributions),
        table(report.rows),
        aligned(settings),
        "\n".join(findings),
    ]
    return "\n\n".join(parts)


def _as_json(report: Report) -> str:
    document = {
        "ok": report.is_well,
        "findings": [{"severity": f.severity, "text": f.text} for f in report.findings],
        "python": versions.python(),
        "versions": report.versions,
        "plugins": [
            {
                "kind": row.plugin.kind,
                "name": row.plugin.name,
                "distribution": row.plugin.distribution,
                "version": row.plugin.version,
                "target": row.plugin.target,
                "selected": row.is_selected,
                "why": row.why,
                "state": row.state,
                "fault": row.trial.fault,
                "traceback": row.trial.traceback,
            }
            for row in report.rows
        ],
        "settings": [
            {
                "name": setting.name,
                "value": setting.shown if setting.is_secret else setting.value,
                "from": setting.source,
                "of": "core" if setting.owner == CORE else setting.owner,
            }
            for setting in report.found.settings
        ],
    }
    return json.dumps(document, indent=2, default=str)
