"""The file ``.s2i/environment`` of a component: the settings of ``seldon-run``, one ``NAME=value`` a line."""

from __future__ import annotations

import re
from pathlib import Path

import click

PLACE = Path(".s2i", "environment")
"""Its path below the component's folder, given by source-to-image builders."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read(folder: Path) -> dict[str, str]:
    """Return the settings of the component in ``folder``; empty without the file.

    Raises:
        click.ClickException: the file is not UTF-8, or a line is not a setting, empty or a comment.
    """
    file = folder / PLACE
    if not file.is_file():
        return {}
    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} must be UTF-8 text: {error}") from error
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        settings.update([assignment(line.strip(), f"{file}, line {number}")])
    return settings


def assignment(text: str, where: str) -> tuple[str, str]:
    """Return name and value of ``NAME=value``.

    Raises:
        click.ClickException: the text has another form; the message names ``where``.
    """
    name, separator, value = text.partition("=")
    if not separator or not _NAME.fullmatch(name):
        raise click.ClickException(f"{where}: {_seen(text)} must be a setting: NAME=value")
    return name, value


def _seen(text: str) -> str:
    """Return a text for a message without its value, or what may be a further line of one: a secret."""
    name, separator, _ = text.partition("=")
    return repr(f"{name}=…") if separator else "a text without ="
