"""Runtimes with the plugins that a test writes, and calls of their services."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seldon_runtime.builtin import defaults
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin, find
from seldon_runtime.process.lifecycle import Runtime
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.settings.values import Settings
from seldon_runtime.transport.sockets import OwnSockets

MODEL = """
    class Model:
        def predict(self, X, names):
            return X
"""
HEAD = """
from seldon_runtime import SeldonError
from seldon_runtime.plugin import *
"""
STORE = """
    from pathlib import Path
    from seldon_runtime.builtin.file_store import FileStore

    @hookimpl
    def seldon_state_store(settings):
        return FileStore(Path("state"))
"""


class Loader:
    """Makes runtimes with plugins of the given sources, and ends their threads."""

    def __init__(self, publish: Callable[..., Path], settings: Callable[..., Settings]) -> None:
        self._publish = publish
        self._settings = settings
        self._runtimes: list[Runtime] = []
        self._known: dict[str, Plugin] = {}

    def __call__(self, *sources: str, persistence: bool = False, **changes: object) -> Service:
        """Return the service."""
        return self.runtime(*sources, persistence=persistence, **changes).load()

    def runtime(self, *sources: str, persistence: bool = False, **changes: object) -> Runtime:
        """Return the runtime, not yet loaded. A source that comes again is the same plugin."""
        chosen = [self._plugin("extension", f"acme{n}", source) for n, source in enumerate(sources)]
        if persistence:
            chosen.append(self._plugin("persistence", "store", STORE))
            changes = {"persistence_secret_key": "x" * 16, **changes}
        self._runtimes.append(Runtime(PluginSet(chosen, [defaults]), self._settings(**changes), OwnSockets()))
        return self._runtimes[-1]

    def _plugin(self, group: str, name: str, source: str) -> Plugin:
        if source not in self._known:
            self._publish(f"acme-{name}", {group: f"{name} = {name}"}, HEAD + textwrap.dedent(source))
            self._known[source] = find(f"seldon_runtime.{group}", name)
        return self._known[source]

    def end(self) -> None:
        """End all threads."""
        for runtime in self._runtimes:
            runtime.startup.close()
            for executor in runtime.startup.units.executors:
                executor.stop(10)


def ask(service: Service, body: Any) -> Any:
    wire = json.dumps(body).encode()
    return json.loads(service.call(Call(Method.PREDICT, wire, JsonCodec(service.limits), "test")))
