"""``seldon-run state``: look at stored state, take it out, put it back.

Nothing here unpickles. The store is the one that PERSISTENCE chooses, with its plugin's
options; the key is the one that the component's identity makes, unless ``--key`` names another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from seldon_runtime import plugins
from seldon_runtime.errors import StartupError
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.options import guess_selection, identity_from, identity_options
from seldon_runtime.plugins import PluginSet
from seldon_runtime.settings import Settings
from seldon_runtime.state import StateStore, StoreError, state_key
from seldon_runtime.state_actions import (
    Opened,
    delete_state,
    export_state,
    import_state,
    list_states,
    restore_state,
    show_state,
)
from seldon_runtime.state_options import state_options


@hookimpl
def seldon_commands() -> Sequence[click.Command]:
    """The group ``state``."""
    return [_StateGroup("state", commands=_subcommands(), help=_HELP)]


_HELP = """Look at stored state, take it out, put it back. Nothing of it is unpickled.

A component that is running does not notice, and at its next save finds that somebody else
has saved: end it first."""


class _StateGroup(click.Group):
    """Its commands take the options of the store's plugin, which is known once their words are."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not {"--help"} & set(rest):
            command.params += _store_options(rest)
        return name, command, rest


def _store_options(words: list[str]) -> list[click.Parameter]:
    chosen = guess_selection(words, os.environ).names()[plugins.PERSISTENCE]
    found = [plugins.find(plugins.PERSISTENCE, name) for name in chosen]
    return [option for _, option in PluginSet(found).collect("seldon_options")]


def _open(values: dict[str, Any], key: str | None) -> Opened:
    name = values["persistence"].strip().lower()
    name = "redis" if name == "1" else name
    if name == "0":
        raise click.UsageError("which store? Set PERSISTENCE, or say --persistence redis or file")
    settings = Settings({**values, "persistence": name, "predictor_labels": "{}", "unit_image": None})
    chosen = PluginSet([plugins.find(plugins.PERSISTENCE, name)])
    store: StateStore | None = chosen.first("seldon_state_store", settings=settings)
    if store is None:
        raise StartupError(f"the persistence plugin {name!r} gives no store")
    secret = settings["persistence_secret_key"]
    return Opened(
        store,
        key or state_key(identity_from(settings)),
        secret.encode() if secret else None,
        settings["persistence_versions"],
    )


def _subcommands() -> list[click.Command]:
    version = click.Option(["--version"], type=click.IntRange(0), help="Which one; the newest by default.")
    trust = click.Option(["--trust-unsigned"], is_flag=True, help="Sign it, though it is not signed now.")
    old_secret = click.Option(
        ["--old-secret-key"],
        envvar="PERSISTENCE_OLD_SECRET_KEY",
        help="Secret that it is signed with now, when that is another one. Rather set the variable.",
    )
    yes = click.Option(["--yes"], is_flag=True, help="Do not ask.")
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
            click.Option(["--file"], type=file, help="The pickle; by default what is stored under the key."),
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
        click.Option(["--key"], help="Which state; that of the component's identity by default."),
        click.Option(
            ["--persistence"],
            envvar="PERSISTENCE",
            default="0",
            help="The store: redis, file …",
        ),
        *(option for option in identity_options() if option.name not in ("predictor_labels", "unit_image")),
        *(option for option in state_options() if option.name in _NEEDED),
    ]
    return click.Command(name, params=[*own, *shared], callback=callback, help=action.__doc__)


_NEEDED = ("persistence_secret_key", "persistence_versions")
