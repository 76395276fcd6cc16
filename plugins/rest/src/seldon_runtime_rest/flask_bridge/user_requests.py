"""``flask.request`` for user code that runs on the component's thread.

Classes made for the Seldon v1 wrapper read HTTP headers from ``flask.request``. Calls do not run in Flask
here, so a proxy of Flask that finds no request context makes one from the running REST call. A call that uses
no proxy pays nothing, and Flask is imported by user code or not at all.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from seldon_runtime.plugin import running_call
from seldon_runtime_rest.request import HttpRequest

if TYPE_CHECKING:
    from flask import Flask

_MODULE = "flask.globals"
_PROXIES = ("request", "g", "session", "current_app")


@cache
def provide_flask_requests() -> None:
    """Let Flask's proxies find the running call, now or when user code imports Flask.

    Repeated calls do nothing.
    """
    if (loaded := sys.modules.get(_MODULE)) is not None:
        _prepare(loaded)
    else:
        sys.meta_path.insert(0, _WhenImported())


class _WhenImported(MetaPathFinder):
    """Prepares Flask's proxies when their module has been imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's spec with a loader that prepares it; None for every other module."""
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        loader: Any = spec.loader if spec is not None else None
        if loader is not None:
            execute: Callable[[ModuleType], None] = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _prepare(module)

            loader.exec_module = exec_module
        return spec


def _prepare(module: ModuleType) -> None:
    for name in _PROXIES:
        proxy = vars(module)[name]
        object.__setattr__(proxy, "_get_current_object", _finding(proxy._get_current_object))


def _finding(find: Callable[[], Any]) -> Callable[[], Any]:
    """Return a proxy's function that makes a request context for the running call if Flask has none."""

    def found() -> Any:
        try:
            return find()
        except RuntimeError:  # outside of a request context
            call = running_call()
            if call is None or not isinstance(call.origin, HttpRequest):
                raise
            _push_context(call.origin)
            return find()

    return found


def _push_context(request: HttpRequest) -> None:
    """Add a request context, which ends with the context of the call."""
    from seldon_runtime_rest.flask_bridge.wsgi import environ_of

    _app().request_context(environ_of(request)).push()


@cache
def _app() -> Flask:
    from flask import Flask

    app = Flask(__name__, static_folder=None)
    for limit in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE"):
        app.config[limit] = None  # the server limits bodies
    return app
