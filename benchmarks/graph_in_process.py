"""A graph inside this process, whose nodes run on the caller's thread."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.graphs import chain, document
from benchmarks.programs.Waits import Waits
from benchmarks.rest_connection import Inline
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import Identity, Limits, SeldonError, Service, ServiceType, Unit
from seldon_runtime_graph.loading import Loader
from seldon_runtime_graph.resolve import resolve
from seldon_runtime_graph.service import GraphService
from seldon_runtime_graph.spec.predictors import read_file


class _Units:
    """Makes the component of each node.

    Args:
        component: the class of all of them.
    """

    def __init__(self, component: type) -> None:
        self._component = component

    def load(
        self,
        reference: str,
        parameters: Mapping[str, Any],
        identity: Identity,
        service_type: ServiceType = ServiceType.MODEL,
        *,
        beside: Unit | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Unit:
        """Return an identity on the threads of another one."""
        user = self._component()
        executor = Inline() if beside is None else beside.executor
        return Unit(ComponentAdapter(user, identity, service_type), executor, identity, service_type, user)

    def metadata_of(self, unit: Unit) -> Mapping[str, Any] | SeldonError:
        """Return the component's document."""
        return unit.predictor.metadata()


def chain_service(length: int, component: type = Waits) -> Service:
    """Return the service of a graph whose nodes follow one another, each of the class ``component``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "graph.json")
        file.write_text(json.dumps(document(chain(length))))
        (predictor,) = read_file(file).predictors
        resolved = resolve(predictor, {}, file.parent)
    limits = Limits()
    graph = Loader(_Units(component), "bench", limits, shares_thread=True).load(predictor, resolved, {})
    return GraphService([graph], "bench", limits=limits)
