"""Plugins: stevedore loads those chosen by name, pluggy calls the hooks of each.

Only chosen entry points are imported. Every fault of a plugin becomes a
:class:`StartupError` that names the plugin, its distribution and the remedy.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, NamedTuple

import pluggy
from stevedore import NamedExtensionManager

from seldon_runtime import hook_fit, hookspecs, interfaces
from seldon_runtime.errors import StartupError, closest
from seldon_runtime.published import entry_points

logger = logging.getLogger(__name__)

TRANSPORT = "seldon_runtime.transport"
PERSISTENCE = "seldon_runtime.persistence"
METRICS = "seldon_runtime.metrics"
EXTENSION = "seldon_runtime.extension"

SETTING_OF = {
    TRANSPORT: "API_TYPE",
    PERSISTENCE: "PERSISTENCE",
    METRICS: "METRICS",
    EXTENSION: "SELDON_EXTENSIONS",
}
"""The environment variable that chooses from each entry-point group."""

_REQUIRED = {TRANSPORT: "seldon_transport", PERSISTENCE: "seldon_state_store"}
"""The hook for which a plugin of a group is chosen."""

CORE = "the core"
"""How messages call core's own hooks."""

_OURS = {
    (TRANSPORT, "rest"): "seldon-runtime[rest]",
    (TRANSPORT, "grpc"): "seldon-runtime[grpc]",
    (PERSISTENCE, "redis"): "seldon-runtime[redis]",
    (METRICS, "prometheus"): "seldon-runtime[metrics]",
}


class Plugin(NamedTuple):
    """An installed entry point; nothing of it is imported yet."""

    group: str
    name: str
    target: str
    distribution: str
    version: str

    @property
    def kind(self) -> str:
        """``transport``, ``persistence``, ``metrics`` or ``extension``."""
        return self.group.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.kind} plugin {self.name!r} ({self.distribution} {self.version}, {self.target})"


def installed(group: str) -> list[Plugin]:
    """The plugins installed in a group, sorted by name. Reads metadata only, imports nothing."""
    return sorted({_described(entry) for entry in entry_points(group=group)})


def installed_names(group: str) -> set[str]:
    """Only their names, in lower case: less to read."""
    return {entry.name.lower() for entry in entry_points(group=group)}


def _described(entry: EntryPoint) -> Plugin:
    metadata: Any = (entry.dist.metadata if entry.dist is not None else None) or {}  # may be lost
    name, version = metadata.get("Name") or "unknown", metadata.get("Version") or "?"
    return Plugin(entry.group, entry.name.lower(), entry.value, name, version)


def find(group: str, name: str) -> Plugin:
    """The one plugin of that name.

    Raises:
        StartupError: none, or two distributions that both provide it.
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


class PluginSet:
    """The chosen plugins, imported and registered, and core's own hooks.

    Args:
        chosen: in the order of the configuration.
        builtin: modules of core whose hooks come last.

    Raises:
        StartupError: a plugin cannot be imported, or its hooks do not fit.
    """

    def __init__(self, chosen: Sequence[Plugin], builtin: Sequence[ModuleType] = ()) -> None:
        self.chosen = tuple(chosen)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._registered: list[tuple[str, object]] = []
        for plugin in chosen:
            self._register(str(plugin), _import(plugin), required=_REQUIRED.get(plugin.group))
        self._chosen_count = len(self._registered)
        for module in builtin:
            self._register(CORE, module, module.__name__)

    def _register(
        self, label: str, plugin: object, name: str | None = None, required: str | None = None
    ) -> None:
        if any(plugin is known for _, known in self._registered):
            return  # chosen by two names: it is asked once
        if fault := hook_fit.register(self._manager, plugin, name or label, required):
            raise StartupError(f"{label} does not fit the hook specifications: {fault}")
        self._registered.append((label, plugin))

    def has(self, group: str) -> bool:
        """Whether a plugin of that group is chosen."""
        return any(plugin.group == group for plugin in self.chosen)

    def add_builtin(self, plugin: object) -> None:
        """Register an object of core: its hooks come after the chosen plugins', before core's others."""
        label = type(plugin).__name__
        self._register(label, plugin)
        self._registered.insert(self._chosen_count, self._registered.pop())

    def collect(self, hook: str, **arguments: Any) -> Iterator[tuple[str, Any]]:
        """Call a collecting hook, plugin by plugin in order: label and each object it gave.

        Raises:
            StartupError: naming the plugin whose hook raised, or gave something else; a plugin's own
                StartupError passes.
        """
        for label, results in self._ask_each(hook, arguments):
            for result in results:
                items = result if isinstance(result, list | tuple) else [result]
                for item in items:
                    if item is not None:
                        interfaces.check(label, hook, item)
                        yield label, item

    def first(self, hook: str, **arguments: Any) -> Any:
        """Call a first-result hook, plugin by plugin in order: what the first one gave, or None.

        Raises:
            StartupError: as :meth:`collect`.
        """
        for label, found in self._ask_each(hook, arguments):
            if found is not None:
                interfaces.check(label, hook, found)
                return found
        return None

    def _ask_each(self, hook: str, arguments: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """What pluggy makes of each plugin's own hook: one that raises does not stop the others unnamed."""
        for label, plugin in self._registered:
            others = [other for _, other in self._registered if other is not plugin]
            caller = self._manager.subset_hook_caller(hook, others)
            try:
                answer = caller(**arguments)
            except StartupError:
                raise
            except (Exception, SystemExit) as error:
                raise StartupError(f"{label} failed in {hook}: {type(error).__name__}: {error}") from error
            yield label, answer


class _Extensions(NamedExtensionManager):  # type: ignore[type-arg]  # no generic in older stevedores
    """stevedore's choice by name, of the one entry point that is known already.

    Its own list comes from a cache, in the process and in the home directory, which a
    changed installation may leave stale, and which need not be writable in a container.
    """

    def __init__(self, plugin: Plugin, **options: Any) -> None:
        self._entry = EntryPoint(plugin.name, plugin.target, plugin.group)
        super().__init__(plugin.group, names=[plugin.name], **options)

    def list_entry_points(self) -> list[EntryPoint]:
        """Not another distribution's of the same name."""
        return [self._entry]


def _import(plugin: Plugin) -> object:
    def fail(_manager: object, _entry: object, error: BaseException) -> None:
        raise error

    try:
        manager = _Extensions(plugin, on_load_failure_callback=fail, on_missing_entrypoints_callback=None)
        loaded: object = manager[plugin.name].plugin
        return loaded() if isinstance(loaded, type) else loaded
    except (Exception, SystemExit) as error:  # whatever the plugin's module does while it is imported
        raise StartupError(
            f"{plugin} cannot be imported: {type(error).__name__}: {error}. "
            f"Reinstall it with: pip install --force-reinstall {plugin.distribution}"
        ) from error
