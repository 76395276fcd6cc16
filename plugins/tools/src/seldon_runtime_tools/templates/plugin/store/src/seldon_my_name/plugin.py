"""The hooks of the plugin. The store's module is imported when the store is created."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from seldon_runtime.plugin import Settings, StateStore, hookimpl, option


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options; the hook below finds their values in ``settings["my_name_folder"]`` and so on."""
    return [
        option(
            "--my-name-folder",
            envvar="SELDON_MY_NAME_FOLDER",
            type=click.Path(file_okay=False, path_type=Path),
            default=Path("my-name"),
            help="Folder of the store my-name; created when it does not exist.",
        )
    ]


@hookimpl
def seldon_state_store(settings: Settings) -> StateStore:
    """Return the store; it opens nothing until it is used."""
    from seldon_my_name.store import MyNameStore

    return MyNameStore(settings["my_name_folder"])
