"""The actions of ``seldon-run state``. Nothing here unpickles."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from seldon_runtime.cli.pickle_names import names_in
from seldon_runtime.component.loading import load_class
from seldon_runtime.diagnostics.tables import table
from seldon_runtime.persistence.envelope import (
    KEY_FORM,
    EnvelopeError,
    Header,
    is_signed,
    peek,
    plain,
    seal,
    unseal,
)
from seldon_runtime.persistence.lifecycle import header_for
from seldon_runtime.persistence.snapshot import Snapshot
from seldon_runtime.persistence.store import StateStore, StoredState


@dataclass(frozen=True, slots=True)
class Opened:
    """The store, the keys and the secret that a command works with."""

    store: StateStore
    key: str
    """The key to save under."""
    secret: bytes | None
    keep: int
    old_key: str | None = None
    """The key of the same component in older runtimes, if it was another one."""

    @property
    def source(self) -> str:
        """The key to read: the old one while the component has no state under its key."""
        if self.old_key is None or self.store.versions(self.key) or not self.store.versions(self.old_key):
            return self.key
        return self.old_key

    def newest(self, version: int | None = None) -> StoredState:
        """Return a version of the state, by default the newest; raise ClickException if it does not exist."""
        key = self.source
        stored = self.store.load(key, version)
        if stored is None:
            there = ", ".join(map(str, self.store.versions(key))) or "none"
            wanted = "state" if version is None else f"version {version}"
            raise click.ClickException(f"{self.store.address} has no {wanted} under {key}; versions: {there}")
        return stored

    def save(self, header: Header, snapshot: Snapshot) -> int:
        """Save as the newest version, signed with the secret; return its number."""
        stored = self.store.versions(self.key)
        blob = seal(header, snapshot, self.secret)
        return self.store.save(self.key, blob, expected=stored[0] if stored else 0, keep=self.keep)


def list_states(opened: Opened) -> None:
    """List all keys of the store and their versions."""
    rows = [("KEY", "VERSION", "SAVED", "BYTES", "SIGNED", "CLASS")]
    for key in opened.store.all_keys():
        for version in opened.store.versions(key):
            if (stored := opened.store.load(key, version)) is not None:
                rows.append((plain(key), str(version), *_columns(stored.blob)))
    click.echo(table(rows))


def _columns(blob: bytes) -> tuple[str, str, str, str]:
    header = peek(blob)
    if header is None:
        return "?", str(len(blob)), "no", "? (not written by this runtime)"
    return _time(header), str(len(blob)), "yes" if is_signed(blob) else "no", plain(header.class_path)


def _time(header: Header) -> str:
    return datetime.fromtimestamp(header.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def show_state(opened: Opened, version: int | None) -> None:
    """Show a version, and whether it can be restored."""
    stored = opened.newest(version)
    click.echo(f"store: {opened.store.address}\nkey: {opened.source}\nversion: {stored.version}")
    if (header := peek(stored.blob)) is not None:
        click.echo(f"class: {plain(header.class_path)}\nstate_version: {plain(header.class_version or '-')}")
        click.echo(
            f"saved: {_time(header)} by runtime {plain(header.runtime)}, writer {plain(header.writer)}"
        )
    click.echo(f"bytes: {len(stored.blob)}\nsigned: {'yes' if is_signed(stored.blob) else 'no'}")
    try:
        envelope = unseal(stored.blob, opened.source, opened.secret)
        click.echo(f"check: intact, {envelope.snapshot.size} bytes of pickle")
    except EnvelopeError as error:
        click.echo(f"check: REFUSED, it {error}")


def export_state(opened: Opened, file: Path, version: int | None) -> None:
    """Write a stored version to FILE, unchanged."""
    blob = opened.newest(version).blob
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as output:
            output.write(blob)
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error}") from None
    click.echo(f"{len(blob)} bytes written to {file}")


def restore_state(
    opened: Opened, file: Path | None, version: int | None, trust_unsigned: bool, old_secret_key: str | None
) -> None:
    """Restore the exported FILE, or an older --version, as the newest version, and sign it.

    With neither, sign the newest version again.
    """
    if file is not None and version is not None:
        raise click.UsageError("give FILE or --version, not both")
    if old_secret_key and opened.secret is None:
        raise click.UsageError(
            "set PERSISTENCE_SECRET_KEY too: without it the state would no longer be signed"
        )
    try:
        # an exported file may have been another component's: that is why there is a choice
        blob = file.read_bytes() if file is not None else opened.newest(version).blob
        key = None if file is not None else opened.source
        secret = old_secret_key.encode() if old_secret_key else opened.secret
        envelope = unseal(blob, key, secret, trust_unsigned=trust_unsigned)
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error}") from None
    except EnvelopeError as error:
        raise click.ClickException(f"the state {error}") from None
    header = replace(envelope.header, key=opened.key, writer=_writer(), key_form=KEY_FORM)
    click.echo(f"{opened.key} is at version {opened.save(header, envelope.snapshot)} now")


def delete_state(opened: Opened, yes: bool) -> None:
    """Delete all versions of the state."""
    key = opened.source
    there = opened.store.versions(key)
    if not there:
        raise click.ClickException(f"{opened.store.address} has no state under {key}")
    if not yes:
        click.confirm(f"Delete {len(there)} versions of {key} in {opened.store.address}?", abort=True)
    opened.store.delete(key)
    click.echo(f"{key} is deleted")


def import_state(opened: Opened, model_name: str, file: Path | None, yes: bool) -> None:
    """Import an unsigned pickle of the old wrapper for the class MODEL_NAME.

    This wraps and signs the pickle without unpickling it; the next start unpickles it. A pickle can run any
    code: import only your own.
    """
    try:
        blob = file.read_bytes() if file is not None else opened.newest().blob
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error}") from None
    if peek(blob) is not None:
        raise click.ClickException(
            "this state was written by this runtime, not by the old wrapper: use 'seldon-run state restore'"
        )
    try:
        names = names_in(blob)
    except ValueError as error:
        raise click.ClickException(f"not a pickle: {error}") from None
    cls = load_class(model_name)
    click.echo(f"The pickle of {len(blob)} bytes uses: {', '.join(map(plain, names)) or 'no names'}")
    if not yes:
        click.confirm("It will be unpickled at the next start. Do you trust it?", abort=True)
    version = opened.save(header_for(cls, opened.key, _writer()), Snapshot(blob))
    click.echo(f"{opened.key} is at version {version} now")


def _writer() -> str:
    return f"seldon-run state {secrets.token_hex(4)}"
