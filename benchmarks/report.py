"""The page docs/explanation/benchmarks.md and its plot, written from the results of a run."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.plot import bars
from benchmarks.sections import SECTIONS, Section

Findings = list[dict[str, Any]]


def write(results: Mapping[str, Any], folder: Path) -> None:
    """Write ``benchmarks.md`` and ``benchmarks.svg`` into the folder."""
    findings: Findings = results["findings"]
    parts = [_head(results)]
    for name, section in SECTIONS.items():
        found = [finding for finding in findings if finding["section"] == name]
        if found:
            parts.append(_section(section, found))
    folder.joinpath("benchmarks.md").write_text("\n\n".join(parts) + "\n")
    shown = [f for f in findings if f["section"] == "throughput" and f["measure"] == "calls/s"]
    if shown:
        folder.joinpath("benchmarks.svg").write_text(bars(_medians(shown), "calls per second"))


def _head(results: Mapping[str, Any]) -> str:
    machine = "\n".join(f"| {name} | {value} |" for name, value in results["machine"].items() if value)
    return f"""# Benchmarks

The benchmark writes this page. Run it in a checkout, or run `tox run -e bench`:

    {results["command"]}

`SELDON_BENCH_PEERS` names virtual environments that hold peers. Servers run on one processor, the load
generator on another. Each round measures one server after the other. Values are medians of
{results["rounds"]} rounds of {results["seconds"]:g} s; ratios are medians of the rounds' ratios. Absolute
numbers depend on the machine: compare the ratios.

| | |
|---|---|
{machine}

![Calls per second](benchmarks.svg)"""


def _section(section: Section, found: Findings) -> str:
    parts = [f"## {section.title}", section.text]
    if section.flipped:
        parts.append(_flipped(section, found))
    else:
        for measure in section.measures:
            of_measure = [finding for finding in found if finding["measure"] == measure]
            title = f"**{measure}**\n\n" if len(section.measures) > 1 else ""
            parts.append(title + _table(of_measure, section.references))
    return "\n\n".join(parts)


def _table(found: Findings, wanted: Iterable[str]) -> str:
    rows, subjects = _names(found, "row"), _names(found, "subject")
    values = {(f["row"], f["subject"]): f["values"] for f in found}
    references = [name for name in wanted if name in subjects]
    heads = ["", *subjects, *(f"seldon / {name}" for name in references)]
    lines = []
    for row in rows:
        cells = [_number(statistics.median(values[row, s])) if (row, s) in values else "–" for s in subjects]
        cells += [_ratio(values.get((row, "seldon")), values.get((row, name))) for name in references]
        lines.append([row, *cells])
    return _markdown(heads, lines)


def _flipped(section: Section, found: Findings) -> str:
    keys = list(dict.fromkeys((f["row"], f["subject"]) for f in found))
    values = {(f["row"], f["subject"], f["measure"]): statistics.median(f["values"]) for f in found}
    lines = []
    for row, subject in keys:
        cells = [_number(values.get((row, subject, measure))) for measure in section.measures]
        lines.append([row, subject, *cells])
    return _markdown(["", "", *section.measures], lines)


def _names(found: Findings, key: str) -> list[str]:
    return list(dict.fromkeys(finding[key] for finding in found))


def _medians(found: Findings) -> dict[str, dict[str, float]]:
    medians: dict[str, dict[str, float]] = {}
    for finding in found:
        medians.setdefault(finding["row"], {})[finding["subject"]] = statistics.median(finding["values"])
    return medians


def _ratio(ours: list[float] | None, theirs: list[float] | None) -> str:
    if not ours or not theirs:
        return "–"
    return f"{statistics.median(a / b for a, b in zip(ours, theirs, strict=True)):.2f}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _markdown(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    rule = ["---", *("---:" for _ in heads[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *lines))
