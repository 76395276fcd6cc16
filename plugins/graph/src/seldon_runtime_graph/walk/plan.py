"""The plan of a graph: which calls each node receives, decided once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from seldon_runtime.plugin import NO_META, Message, Meta, Method, SharedMeta
from seldon_runtime_graph.nodes.built_in import average, random_branch
from seldon_runtime_graph.spec.model import Node
from seldon_runtime_graph.spec.nodes import (
    AVERAGE_COMBINER,
    BUILT_IN,
    RANDOM_ABTEST,
    SIMPLE_MODEL,
    SIMPLE_ROUTER,
)
from seldon_runtime_graph.walk.asking import Asking
from seldon_runtime_graph.walk.branches import ALL, NONE
from seldon_runtime_graph.walk.flight import Metas, path_of


@dataclass(slots=True, eq=False)
class PlannedNode:
    """A node and the calls that it receives. ``unit`` is whatever runs it; the steps carry it along."""

    name: str
    unit: Any = None
    first: Method | None = None
    """TRANSFORM_INPUT or PREDICT, before the children."""
    routes: bool = False
    aggregates: bool = False
    transforms_output: bool = False
    learns: bool = False
    """True if the node itself receives feedback."""
    choose: Callable[[], int] | None = None
    """Chooses the branch of a built-in router."""
    combine: Callable[[Sequence[Message]], Message] | None = None
    """Combines the answers of a built-in combiner."""
    children: tuple[PlannedNode, ...] = ()
    ask_first: Asking | None = None
    ask_route: Asking | None = None
    ask_aggregate: Asking | None = None
    ask_output: Asking | None = None
    """The calls that the node receives. :meth:`bind` sets them."""
    line: Line = field(init=False)
    """The calls from this node on, up to the first choice. A root and the children of a choice have one."""

    def bind(self, unit: Any, wants_meta: Set[Method] = frozenset()) -> None:
        """Make the calls of the node.

        Args:
            unit: whatever runs the node.
            wants_meta: the methods that receive the meta of their request.
        """
        self.unit = unit
        path = unit.identity.request_path

        def asking(method: Method) -> Asking:
            short = unit.predictor.array_call(method)
            return Asking(self.name, unit, method, path, short, wants_meta=method in wants_meta)

        self.ask_first = None if self.first is None else asking(self.first)
        self.ask_route = asking(Method.ROUTE) if self.routes else None
        self.ask_aggregate = asking(Method.AGGREGATE) if self.aggregates else None
        self.ask_output = asking(Method.TRANSFORM_OUTPUT) if self.transforms_output else None

    def join(self) -> None:
        """Make the lines of a graph whose nodes are bound: from the root, and from each child of a choice."""
        begins = [self]
        while begins:
            node = begins.pop()
            node.line = _line_from(node)
            if node.line.end is not None:
                begins.extend(node.line.end.children)

    @property
    def chooses(self) -> bool:
        """True for a node with several children, or that chooses its child, or combines the answers."""
        asks = (self.ask_route, self.choose, self.ask_aggregate, self.combine)
        return len(self.children) > 1 or (bool(self.children) and any(ask is not None for ask in asks))

    def ask_with_messages(self) -> None:
        """Make all calls of the node with messages, which a batcher can join."""
        for ask in (self.ask_first, self.ask_route, self.ask_aggregate, self.ask_output):
            if ask is not None:
                ask.with_messages()

    def last(self, routing: Mapping[str, int]) -> str | None:
        """Return the node, of this one and those below, that made an answer; None if no node did.

        Args:
            routing: the branches that the call took.
        """
        node, last = self, None
        while not node.transforms_output:
            if node.first is not None:
                last = node.name
            branch = routing.get(node.name, ALL)
            if not node.children or branch == NONE:
                return last
            if node.aggregates or node.combine is not None:
                break
            node = node.children[max(branch, 0)]
        return node.name

    def walk(self) -> Iterator[PlannedNode]:
        """Yield this node and all nodes below it, each before its children."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(slots=True, eq=False)
class Line:
    """Calls that follow one another: from a node down to a leaf, or to a node that chooses or combines."""

    asks: tuple[Asking, ...]
    """The calls on the way down; in a line to a leaf also those on the way back."""
    back: tuple[Asking, ...]
    """The calls on the way back from the node that chooses."""
    routing: Mapping[str, int]
    """The branches of the nodes above that node, none of which chooses."""
    end: PlannedNode | None
    """The node that chooses; None for a leaf."""
    meta: Meta
    """The meta of an answer to a request without any, if all nodes of a graph are in this line."""
    metas: Metas = field(default_factory=Metas)
    """The metas of answers of a graph that begins here."""


def _line_from(node: PlannedNode) -> Line:
    asks: list[Asking] = []
    back: list[Asking] = []
    routing: dict[str, int] = {}
    while True:
        if node.ask_first is not None:
            asks.append(node.ask_first)
            routing[node.name] = ALL
        if node.ask_output is not None:
            back.append(node.ask_output)
        if node.chooses:
            return Line(tuple(asks), tuple(reversed(back)), routing, node, NO_META)
        if not node.children:
            asks += reversed(back)
            return Line(tuple(asks), (), routing, None, SharedMeta("", {}, routing, path_of(asks), ()))
        routing[node.name] = ALL
        (node,) = node.children


def plan(root: Node) -> PlannedNode:
    """Return the plan of a graph, without units.

    Type and methods add up. A node without type, methods and implementation is a model. A built-in
    implementation stands for all calls of its node.
    """
    planned: dict[str, PlannedNode] = {}
    for node in reversed(list(root.walk())):  # children first
        children = tuple(planned[child.name] for child in node.children)
        planned[node.name] = (
            _built_in(node, children) if node.implementation in BUILT_IN else _plain(node, children)
        )
    return planned[root.name]


def _built_in(node: Node, children: tuple[PlannedNode, ...]) -> PlannedNode:
    made = PlannedNode(node.name, children=children)
    if node.implementation == RANDOM_ABTEST:
        made.choose = random_branch(float(node.parameters.get("ratioA", 0.5)))
    elif node.implementation == SIMPLE_ROUTER:
        made.choose = _first
    elif node.implementation == AVERAGE_COMBINER:
        made.combine = average(node.name, [child.name for child in children])
    elif node.implementation == SIMPLE_MODEL:
        made.first = Method.PREDICT
    return made


def _first() -> int:
    return 0


def _plain(node: Node, children: tuple[PlannedNode, ...]) -> PlannedNode:
    kind, methods = node.type, node.methods
    if kind is None and methods is None:
        kind = "MODEL"
    own = set(methods or ())
    first = None
    if kind == "TRANSFORMER" or "TRANSFORM_INPUT" in own:
        first = Method.TRANSFORM_INPUT
    elif kind == "MODEL":
        first = Method.PREDICT
    return PlannedNode(
        node.name,
        first=first,
        routes=kind == "ROUTER" or "ROUTE" in own,
        aggregates=kind == "COMBINER" or "AGGREGATE" in own,
        transforms_output=kind == "OUTPUT_TRANSFORMER" or "TRANSFORM_OUTPUT" in own,
        learns=kind in ("MODEL", "ROUTER") or "SEND_FEEDBACK" in own,
        children=children,
    )
