"""The seldon runtime: serves a plain Python class over transports that are plugins.

For user classes: :class:`Response`, :class:`Component`, :class:`SeldonError`.
For plugins: :data:`hookimpl` and the modules ``service``, ``transport``, ``codec``, ``message``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seldon_runtime.call import request_id
    from seldon_runtime.errors import ErrorCode, SeldonError, SeldonNotImplementedError
    from seldon_runtime.hookspecs import hookimpl
    from seldon_runtime.user import Component, Response

__version__ = "0.1.0"

_HOMES = {
    "ErrorCode": "errors",
    "SeldonError": "errors",
    "SeldonNotImplementedError": "errors",
    "hookimpl": "hookspecs",
    "Component": "user",
    "Response": "user",
    "request_id": "call",
}

__all__ = [
    "Component",
    "ErrorCode",
    "Response",
    "SeldonError",
    "SeldonNotImplementedError",
    "hookimpl",
    "request_id",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used: user code needs none of the runtime's machinery."""
    if name in _HOMES:
        return getattr(import_module(f"seldon_runtime.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
