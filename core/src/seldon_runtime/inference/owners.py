"""The plugins that own objects and functions, for messages: a fault names its distribution."""

from __future__ import annotations

from seldon_runtime.errors import PluginFailed

_OWNERS: dict[str, str] = {}
"""By package: the plugin, such as ``extension plugin 'slow' (acme-slow 1.0.0, acme_slow)``."""
_CORE = __name__.partition(".")[0]
RUNTIME = "the runtime"
"""The place of a fault that no plugin owns."""


def record(target: str, label: str) -> None:
    """Keep the plugin that owns a package, for later messages.

    Args:
        target: the plugin's entry point, such as ``acme.slow.plugin:PLUGIN``; the package is ``acme.slow``.
        label: the plugin's name for messages.
    """
    module = target.partition(":")[0].strip()
    _OWNERS[module.rpartition(".")[0] or module] = label


def owner_of(plugin: object) -> str | None:
    """Return the plugin that owns an object's class, or None."""
    return _owner(type(plugin).__module__)


def described(plugin: object) -> str:
    """Return an object's class and its owner, for the log."""
    owner = owner_of(plugin)
    return type(plugin).__qualname__ + (f" of {owner}" if owner else "")


def place_of(plugin: object, method: str) -> str:
    """Return the place of a plugin's method for the log: class, method and owner."""
    owner = owner_of(plugin)
    return f"{type(plugin).__qualname__}.{method}" + (f" of {owner}" if owner else "")


def failed(raised: BaseException, place: str = RUNTIME) -> PluginFailed:
    """Return the error of a call for an exception that is not of user code; it names the innermost plugin.

    Args:
        raised: the exception.
        place: stands for the plugin if no frame of the traceback is a plugin's.
    """
    trace = raised.__traceback__
    while trace is not None:
        owner = _owner(str(trace.tb_frame.f_globals.get("__name__")))
        if owner is not None:
            code = trace.tb_frame.f_code
            place = f"{getattr(code, 'co_qualname', code.co_name)} of {owner}"
        trace = trace.tb_next
    return PluginFailed(place, raised)


def _owner(module: object) -> str | None:
    package = str(module)
    while package and package != _CORE:
        if package in _OWNERS:
            return _OWNERS[package]
        package = package.rpartition(".")[0]
    return None
