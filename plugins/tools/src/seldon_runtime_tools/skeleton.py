"""Folders written from templates, with words in texts and file names replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click


def new_folder(folder: Path) -> Path:
    """Return the folder if it is new or empty.

    Raises:
        click.ClickException: it contains something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.ClickException(f"{folder} exists and is not empty; choose another one with --folder")
    return folder


def write(folder: Path, parts: tuple[str, ...], words: Mapping[str, str]) -> Iterator[str]:
    """Copy template folders to ``folder``, replacing words in texts and names; yield the file names."""
    for part in parts:
        for name, text in _texts(files(__package__).joinpath("templates", part), ""):
            for word, value in words.items():
                name, text = name.replace(word, value), text.replace(word, value)
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            yield name


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _texts(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text("utf-8")
