"""The installed plugins by entry-point group. Nothing here imports a plugin."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import NamedTuple

from seldon_runtime.errors import StartupError, closest
from seldon_runtime.plugins.entry_points import entry_points, field, label

TRANSPORT = "seldon_runtime.transport"
PERSISTENCE = "seldon_runtime.persistence"
METRICS = "seldon_runtime.metrics"
EXTENSION = "seldon_runtime.extension"
LOADER = "seldon_runtime.loader"
PROTOCOL = "seldon_runtime.protocol"

SETTING_OF = {
    TRANSPORT: "API_TYPE",
    PERSISTENCE: "PERSISTENCE",
    METRICS: "METRICS",
    EXTENSION: "SELDON_EXTENSIONS",
    LOADER: "MODEL_NAME",
    PROTOCOL: "SELDON_PROTOCOLS",
}
"""The environment variable that selects from each entry-point group."""

_OURS = {
    (TRANSPORT, "rest"): "seldon-runtime[rest]",
    (TRANSPORT, "grpc"): "seldon-runtime[grpc]",
    (PERSISTENCE, "redis"): "seldon-runtime[redis]",
    (METRICS, "prometheus"): "seldon-runtime[metrics]",
    (PROTOCOL, "v2"): "seldon-runtime[open-inference]",
    (LOADER, "yaml"): "seldon-runtime[graph]",
}


class Plugin(NamedTuple):
    """An installed entry point, not imported yet."""

    group: str
    name: str
    target: str
    distribution: str
    """Its name, or the folder of its metadata if they lack the name."""
    version: str

    @property
    def kind(self) -> str:
        """``transport``, ``persistence``, ``metrics``, ``extension``, ``loader`` or ``protocol``."""
        return self.group.rpartition(".")[2]

    @property
    def remedy(self) -> str:
        """The advice for a plugin whose installation is damaged."""
        if Path(self.distribution).name != self.distribution:
            return (
                f"No METADATA in {self.distribution} name it: delete this folder and install the plugin again"
            )
        return f"Reinstall it with: pip install --force-reinstall {self.distribution}"

    def __str__(self) -> str:
        return f"{self.kind} plugin {self.name!r} ({self.distribution} {self.version}, {self.target})"


def installed(group: str) -> list[Plugin]:
    """Return the plugins installed in a group, sorted by name. Reads metadata only, imports nothing."""
    return sorted({_described(entry) for entry in entry_points(group=group)})


def installed_names(group: str) -> set[str]:
    """Return the names of the plugins in a group, in lower case, without reading further metadata."""
    return {entry.name.lower() for entry in entry_points(group=group)}


def _described(entry: EntryPoint) -> Plugin:
    name, version = (entry.dist and field(entry.dist, key) for key in ("Name", "Version"))
    if not name:
        name = label(entry.dist) if entry.dist else "unknown"
    return Plugin(entry.group, entry.name.lower(), entry.value, name, version or "?")


def find(group: str, name: str) -> Plugin:
    """Return the plugin with a name.

    Raises:
        StartupError: no distribution provides the plugin, or two do.
    """
    wanted = name.lower()
    matches = sorted({_described(e) for e in entry_points(group=group) if e.name.lower() == wanted})
    if len(matches) == 1:
        return matches[0]
    setting = SETTING_OF[group]
    kind = group.rpartition(".")[2]
    if matches:
        raise StartupError(
            f"{setting} names the {kind} plugin {name!r}, which {len(matches)} distributions provide: "
            f"{', '.join(f'{p.distribution} {p.version}' for p in matches)}. Uninstall all but one."
        )
    names = [plugin.name for plugin in installed(group)]
    known = {*names, *(ours for home, ours in _OURS if home == group)}
    meant = wanted if wanted in known else ""
    hint = ""
    if not meant and (close := closest(wanted, known)):
        meant = close[0]
        hint = f" Did you mean {meant}?"
    if (group, meant) in _OURS and meant not in names:
        hint += f" Install it with: pip install '{_OURS[group, meant]}'"
    raise StartupError(
        f"{setting} names the {kind} plugin {name!r}, which is not installed; "
        f"installed: {', '.join(names) or 'none'}.{hint}"
    )
