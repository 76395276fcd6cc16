"""The file ``.s2i/environment`` of a component: the settings it is served with, ``NAME=value`` a line."""

from __future__ import annotations

import re
from pathlib import Path

import click

PLACE = Path(".s2i", "environment")
"""Where source-to-image builders look for it, below the component's folder."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read(folder: Path) -> dict[str, str]:
    """The settings of the component in ``folder``; empty when it has no such file.

    Raises:
        click.ClickException: it is no UTF-8, or a line is neither a setting, nor empty, nor a comment.
    """
    file = folder / PLACE
    if not file.is_file():
        return {}
    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is no UTF-8 text: {error}") from error
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        settings.update([assignment(line.strip(), f"{file}, line {number}")])
    return settings


def assignment(text: str, where: str) -> tuple[str, str]:
    """Name and value of ``NAME=value``.

    Raises:
        click.ClickException: it is none; ``where`` stands in the message.
    """
    name, separator, value = text.partition("=")
    if not separator or not _NAME.fullmatch(name):
        raise click.ClickException(f"{where}: {text!r} is no setting; expected NAME=value")
    return name, value
