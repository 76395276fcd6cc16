"""The hooks of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from seldon_my_name.observer import MyNameObserver

from seldon_runtime.plugin import Observer, Settings, hookimpl, option


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options; the hook below finds their values in ``settings["my_name_file"]`` and so on."""
    return [
        option(
            "--my-name-file",
            envvar="SELDON_MY_NAME_FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            default=Path("my-name.jsonl"),
            help="File for the records of my-name.",
        )
    ]


@hookimpl
def seldon_observer(settings: Settings) -> Observer:
    """Return the observer; the runtime starts it later."""
    return MyNameObserver(settings["my_name_file"])
