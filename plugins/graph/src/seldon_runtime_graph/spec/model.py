"""The frozen objects of a SeldonDeployment file, as far as one process understands it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a node that runs elsewhere."""

    host: str
    port: int
    kind: str = "REST"
    """``REST`` or ``GRPC``."""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the graph as the file has it."""

    name: str
    path: str
    """The place in the file, for messages."""
    type: str | None = None
    """None when the file has no type, or UNKNOWN_TYPE."""
    methods: tuple[str, ...] | None = None
    implementation: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The typed parameters of the constructor."""
    children: tuple[Node, ...] = ()
    endpoint: Endpoint | None = None
    model_uri: str | None = None

    def walk(self) -> Iterator[Node]:
        """Yield this node and all nodes below it, each before its children."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class Container:
    """The container of a node."""

    name: str
    image: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """The variables with a value in the file."""
    unknown_env: tuple[str, ...] = ()
    """The variables whose value is elsewhere, such as in a secret."""


@dataclass(frozen=True, slots=True)
class Predictor:
    """A predictor: one graph, and its share of the traffic."""

    name: str
    path: str
    graph: Node
    containers: Mapping[str, Container] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    """The limit of each node's call."""
    traffic: int = 0
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Deployment:
    """A SeldonDeployment."""

    name: str
    predictors: tuple[Predictor, ...]
    log_level: str | None = None
    warnings: tuple[str, ...] = ()
    """Members that mean something in a cluster and nothing here."""

    def predictor(self, name: str) -> Predictor | None:
        """Return the predictor of a name, or None."""
        return next((each for each in self.predictors if each.name == name), None)
