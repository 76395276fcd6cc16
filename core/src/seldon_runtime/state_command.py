"""``seldon-run state``: look at stored state, take it out, put it back.

Nothing here unpickles. The store is the one that PERSISTENCE chooses, with its plugin's
options; the key is the one that the component's identity makes, unless ``--key`` names another.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from seldon_runtime import plugins
from seldon_runtime.envelope import EnvelopeError, Header, is_signed, peek, seal, unseal
from seldon_runtime.errors import StartupError
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.loading import load_class
from seldon_runtime.old_pickle import names_in
from seldon_runtime.options import guess_selection, identity_from, identity_options
from seldon_runtime.plugins import PluginSet
from seldon_runtime.settings import Settings
from seldon_runtime.state import StateStore, StoredState, StoreError, state_key
from seldon_runtime.state_keeper import header_for
from seldon_runtime.state_options import state_options

_WRITER = "seldon-run state"


@hookimpl
def seldon_commands() -> Sequence[click.Command]:
    """The group ``state``."""
    return [_StateGroup("state", commands=_subcommands(), help=_HELP)]


_HELP = """Look at stored state, take it out, put it back. Nothing of it is unpickled.

A component that is running does not notice, and at its next save finds that somebody else
has saved: end it first."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """The store, the key and the secret that a command works with."""

    store: StateStore
    key: str
    secret: bytes | None
    keep: int

    def newest(self, version: int | None = None) -> StoredState:
        stored = self.store.load(self.key, version)
        if stored is None:
            there = ", ".join(map(str, self.store.versions(self.key))) or "none"
            wanted = "state" if version is None else f"version {version}"
            raise click.ClickException(
                f"{self.store.address} has no {wanted} under {self.key}; versions: {there}"
            )
        return stored

    def save(self, header: Header, payload: bytes) -> int:
        """As the newest version, signed now; the versions before it stay as far as they may."""
        stored = self.store.versions(self.key)
        blob = seal(header, payload, self.secret)
        return self.store.save(self.key, blob, expected=stored[0] if stored else 0, keep=self.keep)


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


def _open(values: dict[str, Any], key: str | None) -> _Opened:
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
    return _Opened(
        store,
        key or state_key(identity_from(settings)),
        secret.encode() if secret else None,
        settings["persistence_versions"],
    )


def _subcommands() -> list[click.Command]:
    version = click.Option(["--version"], type=click.IntRange(0), help="Which one; the newest by default.")
    trust = click.Option(["--trust-unsigned"], is_flag=True, help="Sign it, though it is not signed now.")
    yes = click.Option(["--yes"], is_flag=True, help="Do not ask.")
    file = click.Path(dir_okay=False, path_type=Path)
    return [
        _command(_list),
        _command(_show, version),
        _command(_export, click.Argument(["file"], type=file), version),
        _command(_restore, click.Argument(["file"], type=file, required=False), version, trust),
        _command(_delete, yes),
        _command(
            _import,
            click.Argument(["model_name"]),
            click.Option(["--file"], type=file, help="The pickle; by default what is stored under the key."),
            yes,
        ),
    ]


def _command(action: Callable[..., None], *own: click.Parameter) -> click.Command:
    names = [str(param.name) for param in own]

    def callback(key: str | None, **values: Any) -> None:
        opened = _open(values, key)
        try:
            action(opened, **{name: values[name] for name in names})
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
    return click.Command(
        action.__name__.strip("_"), params=[*own, *shared], callback=callback, help=action.__doc__
    )


_NEEDED = ("persistence_secret_key", "persistence_versions")


def _list(opened: _Opened) -> None:
    """List all keys of the store and their versions."""
    rows = [("KEY", "VERSION", "SAVED", "BYTES", "SIGNED", "CLASS")]
    for key in opened.store.all_keys():
        for version in opened.store.versions(key):
            if (stored := opened.store.load(key, version)) is not None:
                rows.append((key, str(version), *_columns(stored.blob)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _columns(blob: bytes) -> tuple[str, str, str, str]:
    header = peek(blob)
    if header is None:
        return "?", str(len(blob)), "no", "? (no state of this runtime)"
    return _time(header), str(len(blob)), "yes" if is_signed(blob) else "no", header.class_path


def _time(header: Header) -> str:
    return datetime.fromtimestamp(header.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _show(opened: _Opened, version: int | None) -> None:
    """Show what a version is, and whether it could be restored."""
    stored = opened.newest(version)
    click.echo(f"store: {opened.store.address}\nkey: {opened.key}\nversion: {stored.version}")
    if (header := peek(stored.blob)) is not None:
        click.echo(f"class: {header.class_path}\nstate_version: {header.class_version or '-'}")
        click.echo(f"saved: {_time(header)} by runtime {header.runtime}, writer {header.writer}")
    click.echo(f"bytes: {len(stored.blob)}\nsigned: {'yes' if is_signed(stored.blob) else 'no'}")
    try:
        envelope = unseal(stored.blob, opened.key, opened.secret)
        click.echo(f"check: whole, {len(envelope.payload)} bytes of pickle")
    except EnvelopeError as error:
        click.echo(f"check: REFUSED, it {error}")


def _export(opened: _Opened, file: Path, version: int | None) -> None:
    """Write a version, as it is stored, to FILE."""
    blob = opened.newest(version).blob
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as output:
            output.write(blob)
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error}") from None
    click.echo(f"{len(blob)} bytes written to {file}")


def _restore(opened: _Opened, file: Path | None, version: int | None, trust_unsigned: bool) -> None:
    """Make the exported FILE, or an older --version, the newest one; it is signed anew."""
    if file is not None and version is not None:
        raise click.UsageError("give FILE or --version, not both")
    try:
        # an exported file may have been another component's: that is why there is a choice
        blob = file.read_bytes() if file is not None else opened.newest(version).blob
        key = None if file is not None else opened.key
        envelope = unseal(blob, key, opened.secret, trust_unsigned=trust_unsigned)
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error}") from None
    except EnvelopeError as error:
        raise click.ClickException(f"the state {error}") from None
    header = Header(
        key=opened.key,
        class_path=envelope.header.class_path,
        class_version=envelope.header.class_version,
        created=envelope.header.created,
        writer=_writer(),
        runtime=envelope.header.runtime,
    )
    click.echo(f"{opened.key} is at version {opened.save(header, envelope.payload)} now")


def _delete(opened: _Opened, yes: bool) -> None:
    """Delete all versions of the state."""
    there = opened.store.versions(opened.key)
    if not there:
        raise click.ClickException(f"{opened.store.address} has no state under {opened.key}")
    if not yes:
        click.confirm(f"Delete {len(there)} versions of {opened.key} in {opened.store.address}?", abort=True)
    opened.store.delete(opened.key)
    click.echo(f"{opened.key} is deleted")


def _import(opened: _Opened, model_name: str, file: Path | None, yes: bool) -> None:
    """Take over an unsigned pickle of the old wrapper for the class MODEL_NAME.

    It is put into an envelope and signed, not unpickled; that the next start does. A pickle
    can run any code: import only what you know to be your own."""
    try:
        blob = file.read_bytes() if file is not None else opened.newest().blob
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error}") from None
    if peek(blob) is not None:
        raise click.ClickException(
            "that is no old pickle, but of this runtime: use 'seldon-run state restore'"
        )
    try:
        names = names_in(blob)
    except ValueError as error:
        raise click.ClickException(f"that is no pickle: {error}") from None
    cls = load_class(model_name)
    click.echo(f"The pickle of {len(blob)} bytes uses: {', '.join(names) or 'no names'}")
    if not yes:
        click.confirm("It will be unpickled at the next start. Do you trust it?", abort=True)
    version = opened.save(header_for(cls, opened.key, _writer()), blob)
    click.echo(f"{opened.key} is at version {version} now")


def _writer() -> str:
    return f"{_WRITER} {secrets.token_hex(4)}"
