"""The metadata of nodes elsewhere that could not be reached at the start."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from seldon_runtime.plugin import SeldonError
from seldon_runtime_graph.loading import LoadedGraph, LoadedNode
from seldon_runtime_graph.nodes.remote import RemoteNode, Unreachable

logger = logging.getLogger(__name__)

_AGAIN_S = 1.0
"""The least time between two attempts."""
_LIMIT_S = 6.0


class LateMetadata:
    """Asks nodes for their metadata until they are known, whenever somebody wants them. Thread-safe.

    Args:
        graphs: the loaded graphs.
        changed: called when a document has come, on a thread of its node.
    """

    def __init__(self, graphs: Iterable[LoadedGraph], changed: Callable[[], None]) -> None:
        nodes = [node for graph in graphs for node in graph.nodes.values()]
        self._missing = [node for node in nodes if node.unit is not None and _is_missing(node)]
        self._changed = changed
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def ask(self) -> None:
        """Have the threads of the nodes ask again, if any document is missing. Does not wait for answers."""
        if not self._missing:
            return
        with self._lock:
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + _AGAIN_S
            missing = [*self._missing]
        for node in missing:
            assert node.unit is not None
            try:
                node.unit.executor.submit_further(partial(self._fetch, node))
            except SeldonError:  # the process ends
                return

    def _fetch(self, node: LoadedNode) -> None:
        assert node.unit is not None
        predictor = node.unit.predictor
        assert isinstance(predictor, RemoteNode)
        try:
            found = predictor.fetch_metadata(_LIMIT_S)
        except (SeldonError, Unreachable, ValueError) as error:
            logger.debug("the node at %s still has no metadata: %s", predictor.address, error)
            return
        with self._lock:
            if not found or node not in self._missing:
                return
            node.metadata = found
            self._missing.remove(node)
        self._changed()


def _is_missing(node: LoadedNode) -> bool:
    return node.unit is not None and isinstance(node.unit.predictor, RemoteNode) and not node.metadata
