"""The hook of the plugin, which loads the components that a file ``*.my-name`` names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from seldon_my_name.service import MyNameService

from seldon_runtime.plugin import (
    Service,
    Settings,
    StartupError,
    Unit,
    Units,
    hookimpl,
    identity_from,
    limits_from,
)


@hookimpl
def seldon_service(units: Units, settings: Settings) -> Service | None:
    """Return the service of a file with a class on each line, or None for another plugin's file."""
    reference = settings["model_name"]
    if not reference.endswith(".my-name"):
        return None
    try:
        names = Path(reference).read_text("utf-8").split()
    except (OSError, ValueError) as error:
        raise StartupError(f"{reference} cannot be read: {error}") from error
    if not names:
        raise StartupError(f"{reference} is empty, expected a class on each line, such as package.Model")
    if len({*names}) < len(names):
        raise StartupError(f"{reference} names a class twice")

    def load(name: str) -> Unit:
        identity = replace(identity_from(settings), unit=name)  # the key of its state
        return units.load(name, {}, identity)

    models = [load(name) for name in names]
    return MyNameService(
        models,
        limits=limits_from(settings),
        metadata=units.metadata_of(models[0]),
        error_details=settings["error_details"],
    )
