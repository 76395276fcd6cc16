"""The loading of a predictor: each node becomes a unit, and the plan of its graph names them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from seldon_runtime.plugin import (
    ErrorCode,
    Executor,
    Identity,
    Limits,
    Method,
    SeldonError,
    StartupError,
    Unit,
    Units,
    redacted,
)
from seldon_runtime_graph.nodes.raw_methods import RawNode, has_raw_methods
from seldon_runtime_graph.resolve import Resolved
from seldon_runtime_graph.spec.model import Node, Predictor
from seldon_runtime_graph.walk.naming import named
from seldon_runtime_graph.walk.plan import PlannedNode, plan

_META_ARGUMENTS = frozenset({"meta", "metas"})


@dataclass(slots=True, eq=False)
class LoadedNode:
    """A node with its component. Only ``metadata`` may change: a node elsewhere may start later."""

    resolved: Resolved
    planned: PlannedNode
    unit: Unit | None
    """None for a built-in node that needs no thread."""
    metadata: Mapping[str, Any] | SeldonError


@dataclass(frozen=True, slots=True, eq=False)
class LoadedGraph:
    """A predictor whose nodes are loaded."""

    predictor: Predictor
    root: PlannedNode
    nodes: Mapping[str, LoadedNode]
    """By name, in the order of the file."""

    def runs(self, node: Node) -> str:
        """Return the class or the address of a node, for drawings."""
        loaded = self.nodes[node.name]
        return "built in" if loaded.unit is None else redacted(loaded.resolved.reference or "")

    def runs_on(self, executor: Executor) -> bool:
        """Return whether these threads run all components, and no coroutines."""
        return all(unit.executor is executor and not unit.predictor.is_async for unit in self.units)

    @property
    def units(self) -> list[Unit]:
        """The components, in the order of the file."""
        return [node.unit for node in self.nodes.values() if node.unit is not None]


def node_named(graphs: Iterable[LoadedGraph], name: str) -> LoadedNode:
    """Return the first node of a name.

    Raises:
        SeldonError: NOT_FOUND.
    """
    for graph in graphs:
        if name in graph.nodes:
            return graph.nodes[name]
    raise SeldonError(f"the graph has no node {name!r:.80}", code=ErrorCode.NOT_FOUND)


class Loader:
    """Loads the nodes of predictors, one after the other.

    Args:
        units: loads components, for the hook ``seldon_service``.
        deployment: the name of the deployment.
        limits: the limits of requests.
        shares_thread: True to run all nodes on one thread.
    """

    def __init__(self, units: Units, deployment: str, limits: Limits, *, shares_thread: bool) -> None:
        self._units = units
        self._deployment = deployment
        self._limits = limits
        self._shares_thread = shares_thread
        self._first: Unit | None = None

    def load(self, predictor: Predictor, resolved: list[Resolved], labels: Mapping[str, str]) -> LoadedGraph:
        """Return the loaded graph. Blocks.

        Raises:
            StartupError: a node cannot be loaded; the message names the node, its cause is that of user code.
        """
        root = plan(predictor.graph)
        planned = {node.name: node for node in root.walk()}
        nodes = {
            each.node.name: self._node(each, planned[each.node.name], predictor, labels) for each in resolved
        }
        root.join()
        graph = LoadedGraph(predictor, root, nodes)
        if not graph.units:
            raise StartupError(f"{predictor.path} (predictor {predictor.name!r}) has no node with a class")
        return graph

    def _node(
        self, each: Resolved, planned: PlannedNode, predictor: Predictor, labels: Mapping[str, str]
    ) -> LoadedNode:
        name = each.node.name
        if each.reference is None:
            return LoadedNode(each, planned, None, {})
        identity = Identity(
            name, each.image, self._deployment, predictor.name, {**labels, **predictor.labels}
        )
        is_remote = "threads" in each.settings
        try:
            unit = self._units.load(
                each.reference,
                each.parameters,
                identity,
                each.service_type,
                beside=None if is_remote else self._first,
                settings=each.settings,
            )
            metadata = self._units.metadata_of(unit)
            if isinstance(metadata, SeldonError):
                metadata = named(metadata, name)
        except StartupError as error:
            raise StartupError(f"{each.node.path} (node {name!r}): {error}") from error.__cause__
        if self._shares_thread and not is_remote:
            self._first = self._first or unit
        if unit.user is not None and has_raw_methods(unit.user):
            unit = replace(unit, predictor=RawNode(unit.predictor, self._limits))
        planned.bind(unit, {method for method in Method if _takes_meta(unit.user, method)})
        return LoadedNode(each, planned, unit, metadata)


def _takes_meta(user: object | None, method: Method) -> bool:
    """Return whether a method of a class receives the meta of its request, as far as its signature tells."""
    function = getattr(user, method.value, None)
    if function is None:
        return False
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.name in _META_ARGUMENTS or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)
