"""A report of ``seldon-run doctor --json``, and a plugin with an option for it."""

from __future__ import annotations

from typing import Any

OPTION = """
    import click
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_options():
        return [click.Option({0})]
"""


def texts(report: Any, severity: str) -> list[str]:
    return [finding["text"] for finding in report["findings"] if finding["severity"] == severity]


def setting(report: Any, name: str) -> tuple[Any, str, str]:
    (found,) = [setting for setting in report["settings"] if setting["name"] == name]
    return found["value"], found["from"], found["of"]
