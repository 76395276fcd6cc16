"""The plugins that settings select, by entry-point group."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from seldon_runtime.errors import StartupError
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.settings.persistence_options import switch

V1 = "v1"
"""The Seldon v1 protocol, which the transports serve themselves."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SUFFIX = re.compile(r"\.([A-Za-z0-9_+-]+)$")


class Selection(NamedTuple):
    """The names of the selected plugins, from the settings.

    Selections from the same settings are equal, so that the selection before the plugins are known can be
    compared with the selection after.
    """

    model_name: str | None = None
    transports: tuple[str, ...] = ("rest",)
    persistence: str = "0"
    metrics: str | None = None
    extensions: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    """The names that SELDON_PROTOCOLS gives; empty for the default."""
    names_transports: bool = False
    """True if API_TYPE is set; otherwise the default transports are selected."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Selection:
        """Return the selection from the values of the core's options, as text or converted by click."""
        api_type = values.get("api_types") or values.get("api_type")
        return cls(
            model_name=values.get("model_name") or None,
            transports=_names(api_type or "rest"),
            persistence=switch(str(values.get("persistence") or "0").strip().lower()),
            metrics=str(values["metrics"]).strip().lower() if values.get("metrics") is not None else None,
            extensions=_names(",".join(values.get("extension") or ())),
            protocols=_names(values.get("protocols") or ""),
            names_transports=bool(api_type),
        )

    def plugins(self, *, defaults: bool = True) -> list[Plugin]:
        """Return the selected plugins, transports first.

        Args:
            defaults: False to leave out the plugins that no setting names.

        Raises:
            StartupError: a name is not installed, occurs twice, or has two providers.
        """
        if not self.transports:
            raise StartupError("API_TYPE is empty, expected a transport such as REST")
        groups = {
            group: names for group, names in self.names().items() if defaults or not self.is_default(group)
        }
        chosen = [registry.find(group, name) for group, names in groups.items() for name in names]
        for plugin in chosen:
            if chosen.count(plugin) > 1:
                raise StartupError(f"{registry.SETTING_OF[plugin.group]} names {plugin.name!r} twice")
        return chosen

    def names(self) -> dict[str, Sequence[str]]:
        """Return the selected names of each entry-point group, in order, defaults included."""
        loader = self.loader
        return {
            registry.TRANSPORT: self.transports,
            registry.PERSISTENCE: self._store(),
            registry.METRICS: self._metrics(),
            registry.EXTENSION: self.extensions,
            registry.LOADER: [] if loader is None else [loader],
            registry.PROTOCOL: [name for name in self.served_protocols if name != V1],
        }

    def is_default(self, group: str) -> bool:
        """Return whether a group's setting is unset, so that its default applies."""
        return {
            registry.TRANSPORT: not self.names_transports,
            registry.METRICS: self.metrics is None,
            registry.PROTOCOL: not self.protocols,
        }.get(group, False)

    @property
    def loader(self) -> str | None:
        """The installed loader for the scheme of MODEL_NAME, else for its suffix, else None.

        ``s3://bucket/model`` and ``models:/churn/3`` select ``s3`` and ``models``; ``graph.yaml`` and
        ``path/model.onnx`` select ``yaml`` and ``onnx``. A class, such as ``package.Class``, selects a loader
        only if a loader named ``Class`` is installed.
        """
        reference = self.model_name or ""
        found = [match[1].lower() for match in (_SCHEME.match(reference), _SUFFIX.search(reference)) if match]
        if not found:
            return None
        installed = registry.installed_names(registry.LOADER)
        return next((name for name in found if name in installed), None)

    @property
    def served_protocols(self) -> tuple[str, ...]:
        """The names of the protocols to serve: those of the setting, else v1 and every installed one."""
        return self.protocols or (V1, *sorted(registry.installed_names(registry.PROTOCOL)))

    @property
    def unkept_state(self) -> bool:
        """True if PERSISTENCE=1 selects a Redis store that is not installed.

        The switch then does not stop the start, as in the protocol's reference; a store's name does.
        """
        return self.persistence == "1" and "redis" not in registry.installed_names(registry.PERSISTENCE)

    def _store(self) -> list[str]:
        if self.persistence == "0" or self.unkept_state:
            return []
        return ["redis" if self.persistence == "1" else self.persistence]

    def _metrics(self) -> list[str]:
        if self.metrics is None:
            return ["prometheus"] if "prometheus" in registry.installed_names(registry.METRICS) else []
        return [] if self.metrics == "0" else [self.metrics]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())
