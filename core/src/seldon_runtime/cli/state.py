"""``seldon-run state``: inspects, exports, restores and deletes stored state.

Nothing here unpickles. PERSISTENCE chooses the store, whose plugin adds its options; the component's identity
makes the key, unless ``--key`` names another.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seldon_runtime.cli.state_actions import (
    Opened,
    delete_state,
    export_state,
    import_state,
    list_states,
    restore_state,
    show_state,
)
from seldon_runtime.errors import StartupError
from seldon_runtime.persistence.store import StateStore, StoreError, old_state_key, state_key
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.command_line import read_selection
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.settings.derived import identity_from
from seldon_runtime.settings.options import identity_options
from seldon_runtime.settings.persistence_options import state_options
from seldon_runtime.settings.values import Settings


def command() -> click.Command:
    """Return the group ``state``."""
    return _StateGroup("state", commands=_subcommands(), help=_HELP)


_HELP = """Inspect, export, restore and delete stored state. None of it is unpickled.

Stop the component first: a running component does not notice a change, and refuses its next save because
another process has saved."""


class _StateGroup(click.Group):
    """The commands of ``state``; each takes the options of the store's plugin, which its own words choose."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not {"--help"} & set(rest):
            command.params += _store_options(rest)
        return name, command, rest


def _store_options(words: list[str]) -> list[click.Parameter]:
    chosen = read_selection(words, os.environ).names()[registry.PERSISTENCE]
    found = [registry.find(registry.PERSISTENCE, name) for name in chosen]
    return [option for _, option in PluginSet(found).collect("seldon_options")]


def _open(values: dict[str, Any], key: str | None) -> Opened:
    name = values["persistence"].strip().lower()
    name = "redis" if name == "1" else name
    if name == "0":
        raise click.UsageError("no store is chosen: set PERSISTENCE, or add --persistence redis or file")
    settings = Settings({**values, "persistence": name, "predictor_labels": "{}", "unit_image": None})
    chosen = PluginSet([registry.find(registry.PERSISTENCE, name)])
    store: StateStore | None = chosen.first("seldon_state_store", settings=settings)
    if store is None:
        raise StartupError(f"the persistence plugin {name!r} returned no store")
    secret = settings["persistence_secret_key"]
    identity = identity_from(settings)
    return Opened(
        store,
        key or state_key(identity),
        secret.encode() if secret else None,
        settings["persistence_versions"],
        None if key else old_state_key(identity),
    )


def _subcommands() -> list[click.Command]:
    version = click.Option(
        ["--version"], type=click.IntRange(0), help="Version of the state; the newest by default."
    )
    trust = click.Option(
        ["--trust-unsigned"], is_flag=True, help="Accept state that is not signed, and sign it."
    )
    old_secret = click.Option(
        ["--old-secret-key"],
        envvar="PERSISTENCE_OLD_SECRET_KEY",
        help="Secret that the state is signed with now, if that is another one. Set the variable instead of "
        "this option: other users can read command lines.",
    )
    yes = click.Option(["--yes"], is_flag=True, help="Do not ask for confirmation.")
    file = click.Path(dir_okay=False, path_type=Path)
    return [
        _command("list", list_states),
        _command("show", show_state, version),
        _command("export", export_state, click.Argument(["file"], type=file), version),
        _command(
            "restore",
            restore_state,
            click.Argument(["file"], type=file, required=False),
            version,
            trust,
            old_secret,
        ),
        _command("delete", delete_state, yes),
        _command(
            "import",
            import_state,
            click.Argument(["model_name"]),
            click.Option(
                ["--file"], type=file, help="File with the pickle; by default the one stored under the key."
            ),
            yes,
        ),
    ]


def _command(name: str, action: Callable[..., None], *own: click.Parameter) -> click.Command:
    names = [str(param.name) for param in own]

    def callback(key: str | None, **values: Any) -> None:
        opened = _open(values, key)
        try:
            action(opened, **{param: values[param] for param in names})
        except StoreError as error:
            raise click.ClickException(str(error)) from None
        finally:
            opened.store.close()

    shared: list[click.Parameter] = [
        click.Option(["--key"], help="Key of the state; by default the key of the component's identity."),
        *(option for option in identity_options() if option.name not in ("predictor_labels", "unit_image")),
        *(option for option in state_options() if option.name in _NEEDED),
    ]
    return click.Command(name, params=[*own, *shared], callback=callback, help=action.__doc__)


_NEEDED = ("persistence", "persistence_secret_key", "persistence_versions")
