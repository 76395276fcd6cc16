"""``seldon-run doctor``: reports the installed and selected plugins, the settings, and the faults in them.

It serves nothing, loads the class in a process of its own, and creates neither observers nor interceptors.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import click

from seldon_runtime.diagnostics import versions
from seldon_runtime.diagnostics.examination import Report, examine
from seldon_runtime.diagnostics.plugin_report import plugin_table
from seldon_runtime.diagnostics.tables import table
from seldon_runtime.plugins.manager import CORE
from seldon_runtime.settings.secrets import redacted


def command() -> click.Command:
    """Return the command ``doctor``."""
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON for programs.")
    words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
    passing = {"ignore_unknown_options": True}
    return click.Command(
        "doctor", callback=_doctor, params=[as_json, words], context_settings=passing, help=_HELP
    )


_HELP = """Explain what is installed, selected and set, where each setting comes from, and what is wrong.

Give the same WORDS as to seldon-run, such as MyModel REST --workers 2; the
environment counts as it does there. The class is loaded in a process of its
own, without its state. The exit status is 0, or 1 when a start would fail."""


def _doctor(as_json: bool, words: tuple[str, ...]) -> int:
    with _stdout_to_stderr():
        report = examine(words)
    click.echo(redacted(_as_json(report) if as_json else _as_text(report)))
    return 0 if report.is_well else 1


@contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Keep the output of plugins away from standard output, where the report goes."""
    sys.stdout.flush()
    original = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(original, 1)
        os.close(original)


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
        table(distributions),
        plugin_table(report.rows),
        table(settings),
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
                "fault": row.check.fault,
                "traceback": row.check.traceback,
            }
            for row in report.rows
        ],
        "settings": [
            {
                "name": setting.name,
                "value": setting.public,
                "from": setting.source,
                "of": "core" if setting.owner == CORE else setting.owner,
            }
            for setting in report.found.settings
        ],
    }
    return json.dumps(document, indent=2, default=str)
