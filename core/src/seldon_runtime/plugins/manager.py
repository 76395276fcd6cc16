"""The selected plugins: stevedore loads them by name, pluggy calls their hooks.

Only selected entry points are imported. Every fault of a plugin becomes a
:class:`StartupError` that names the plugin, its distribution and the remedy.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from importlib.metadata import EntryPoint
from typing import Any

import pluggy
from stevedore import NamedExtensionManager

from seldon_runtime import hookspecs
from seldon_runtime.errors import StartupError
from seldon_runtime.inference import owners
from seldon_runtime.plugins import hook_validation, registry, result_validation
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.plugins.slow_start import waiting_for

logger = logging.getLogger(__name__)

_SPECIFICATIONS = "seldon_hookspecs"
_REQUIRED = {
    registry.TRANSPORT: ("seldon_transport",),
    registry.PERSISTENCE: ("seldon_state_store",),
    registry.LOADER: ("seldon_load_component", "seldon_predictor", "seldon_service"),
}
"""The hooks of which a plugin of a group needs one."""

CORE = "the core"
"""The core's name in messages about its own hooks."""


class PluginSet:
    """The selected plugins, imported and registered, and the core's own hooks.

    Args:
        chosen: the selected plugins in the order of the configuration.
        builtin: modules or objects of the core, whose hooks come last.

    Raises:
        StartupError: a plugin cannot be imported, or its hooks do not fit.
    """

    def __init__(self, chosen: Sequence[Plugin], builtin: Sequence[object] = ()) -> None:
        self.chosen = tuple(chosen)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._registered: list[tuple[str, object]] = []
        imported = [(plugin, _import(plugin)) for plugin in chosen]
        for plugin in chosen:
            owners.record(plugin.target, str(plugin))
        for plugin, module in imported:  # all specifications first: any plugin may implement them
            self._specify(str(plugin), module)
        for module in builtin:
            self._specify(CORE, module)
        for plugin, module in imported:
            self._register(str(plugin), module, required=_REQUIRED.get(plugin.group, ()))
        self._chosen_count = len(self._registered)
        for number, module in enumerate(builtin):
            self._register(CORE, module, f"{CORE} {number}")

    def _specify(self, label: str, plugin: object) -> None:
        """Register the further hook specifications of a plugin."""
        lone = pluggy.PluginManager(hookspecs.PROJECT)  # without specifications, it accepts any signature
        lone.register(plugin)
        own = [caller for caller in lone.get_hookcallers(plugin) or () if caller.name == _SPECIFICATIONS]
        try:
            results: list[Any] = [hook.function() for caller in own for hook in caller.get_hookimpls()]
            for given in results:
                for module in given if isinstance(given, list | tuple) else [given]:
                    self._manager.add_hookspecs(module)
        except (Exception, SystemExit) as error:
            raise StartupError(
                f"{label} failed in {_SPECIFICATIONS}: {type(error).__name__}: {error}"
            ) from error

    def _register(
        self, label: str, plugin: object, name: str | None = None, required: Sequence[str] = ()
    ) -> None:
        if any(plugin is known for _, known in self._registered):
            return  # one object under two names: its hooks run once
        if fault := hook_validation.register(self._manager, plugin, name or label, required):
            raise StartupError(f"{label} does not fit the hook specifications: {fault}")
        self._registered.append((label, plugin))

    def has(self, group: str) -> bool:
        """Return whether a plugin of that group is chosen."""
        return any(plugin.group == group for plugin in self.chosen)

    def collect(self, hook: str, **arguments: Any) -> Iterator[tuple[str, Any]]:
        """Call a collecting hook, plugin by plugin in order.

        Yields:
            The plugin's name for messages, and each object that its hook returned.

        Raises:
            StartupError: a hook raised, or returned an invalid object; the message names the plugin. A
                plugin's own StartupError propagates unchanged.
        """
        for label, results in self._ask_each(hook, arguments):
            for result in results:
                items = result if isinstance(result, list | tuple) else [result]
                for item in items:
                    if item is not None:
                        result_validation.check(label, hook, item)
                        yield label, item

    def first(self, hook: str, *, builtin: bool | None = None, **arguments: Any) -> Any:
        """Call a first-result hook, plugin by plugin in order, and return the first result, or None.

        Args:
            hook: the hook's name.
            builtin: True to call only the core's own hooks, False only those of the chosen plugins.
            **arguments: the arguments of the hook.

        Raises:
            StartupError: as for :meth:`collect`.
        """
        for label, found in self._ask_each(hook, arguments, builtin):
            if found is not None:
                result_validation.check(label, hook, found)
                return found
        return None

    def _ask_each(
        self, hook: str, arguments: dict[str, Any], builtin: bool | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Call each plugin's hook alone, so that an error message can name the plugin."""
        specified: pluggy.HookCaller | None = getattr(self._manager.hook, hook, None)
        if specified is not None and specified.spec is not None and "hooks" in specified.spec.argnames:
            arguments = {"hooks": self, **arguments}
        among = slice(None)
        if builtin is not None:
            among = slice(self._chosen_count, None) if builtin else slice(self._chosen_count)
        own = [plugin for _, plugin in self._registered[self._chosen_count :]]
        for label, plugin in self._registered[among]:
            others = [other for _, other in self._registered if other is not plugin]
            caller = self._manager.subset_hook_caller(hook, others)
            try:
                # The core's own hooks wait for user code only, which has log lines of its own.
                is_own = any(plugin is one for one in own)
                with nullcontext() if is_own else waiting_for(f"{hook} of {label}"):
                    answer = caller(**arguments)
            except StartupError:
                raise
            except (Exception, SystemExit) as error:
                raise StartupError(f"{label} failed in {hook}: {type(error).__name__}: {error}") from error
            yield label, answer


class _Extensions(NamedExtensionManager):  # type: ignore[type-arg]  # no generic in older stevedores
    """A stevedore manager for one known entry point.

    Stevedore's own list comes from a cache, in the process and in the home directory, which may be
    stale after an installation, and which a container may not be able to write.
    """

    def __init__(self, plugin: Plugin, **options: Any) -> None:
        self._entry = EntryPoint(plugin.name, plugin.target, plugin.group)
        super().__init__(plugin.group, names=[plugin.name], **options)

    def list_entry_points(self) -> list[EntryPoint]:
        """Return the known entry point, rather than another distribution's of the same name."""
        return [self._entry]


def _import(plugin: Plugin) -> object:
    def fail(_manager: object, _entry: object, error: BaseException) -> None:
        raise error

    try:
        with waiting_for(f"the import of {plugin}"):
            manager = _Extensions(plugin, on_load_failure_callback=fail, on_missing_entrypoints_callback=None)
        loaded: object = manager[plugin.name].plugin
        return loaded() if isinstance(loaded, type) else loaded
    except (Exception, SystemExit) as error:  # importing a plugin's module raises anything
        raise StartupError(
            f"{plugin} cannot be imported: {type(error).__name__}: {error}. {plugin.remedy}"
        ) from error
