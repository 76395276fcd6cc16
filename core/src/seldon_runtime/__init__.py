"""The seldon runtime: a server for plain Python classes, with transports that are plugins.

For user classes: :class:`Response`, :class:`Component`, :class:`SeldonError`, :func:`request`,
:func:`method`, :data:`FaithfulArray`. For scripts and notebooks: :func:`serve`.
For plugins: :mod:`seldon_runtime.plugin`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seldon_runtime.cli.main import run
    from seldon_runtime.component.inspection.faithful_array import FaithfulArray
    from seldon_runtime.component.user_api import Component, Response, method
    from seldon_runtime.errors import ErrorCode, SeldonError, SeldonNotImplementedError
    from seldon_runtime.hookspecs import hookimpl
    from seldon_runtime.inference.call import request_id
    from seldon_runtime.inference.request import RunningRequest, request
    from seldon_runtime.process.in_program import Serving, serve

__version__ = "0.1.0"

_HOMES = {
    "ErrorCode": "errors",
    "SeldonError": "errors",
    "SeldonNotImplementedError": "errors",
    "hookimpl": "hookspecs",
    "Component": "component.user_api",
    "FaithfulArray": "component.inspection.faithful_array",
    "Response": "component.user_api",
    "RunningRequest": "inference.request",
    "Serving": "process.in_program",
    "method": "component.user_api",
    "request": "inference.request",
    "serve": "process.in_program",
    "request_id": "inference.call",
    "run": "cli.main",
}

__all__ = [
    "Component",
    "ErrorCode",
    "FaithfulArray",
    "Response",
    "RunningRequest",
    "SeldonError",
    "SeldonNotImplementedError",
    "Serving",
    "hookimpl",
    "method",
    "request",
    "request_id",
    "run",
    "serve",
]


def __dir__() -> list[str]:
    """Return all names of the module, those that are not imported yet too."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, since user code needs little of the runtime."""
    if name in _HOMES:
        return getattr(import_module(f"seldon_runtime.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
