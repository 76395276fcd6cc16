"""Nodes that run elsewhere: what their calls have in common, whatever carries them."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from seldon_runtime.plugin import (
    USER_METHODS,
    ErrorCode,
    Limits,
    Message,
    Method,
    Predictor,
    Request,
    SeldonError,
    Settings,
    StartupError,
    limits_from,
    remaining_s,
    running_call,
)
from seldon_runtime_graph.spec.model import Endpoint

logger = logging.getLogger(__name__)

REST_NODE, GRPC_NODE = "rest-node", "grpc-node"
"""The schemes of references to remote nodes, before ``://``; with TLS before ``+tls://``."""
_TLS = "+tls"
REMOTE_THREADS = 16
"""The calls of a remote node at the same time."""
_METHODS = frozenset(USER_METHODS)
_LIMIT_S = 60.0
"""The limit of a call without a deadline."""
_PAUSES_S = (0.05, 0.2)
"""The pauses before a repetition."""
_PASSED_ON = ("seldon-puid", "x-request-id", "traceparent", "tracestate")
"""The headers of a call that a remote node receives too."""


class Unreachable(Exception):
    """A failure of the connection. ``was_sent`` tells whether the node may have received the request."""

    def __init__(self, reason: object, *, was_sent: bool) -> None:
        super().__init__(str(reason) or type(reason).__name__)
        self.was_sent = was_sent


class RemoteFault(SeldonError):
    """The error of a node elsewhere that the runtime found, with the address of the node.

    Args:
        address: the address of the node.
        fault: the rest of the sentence, such as ``is not serving``.
        code: the class of the error.
        status_code: as of a SeldonError.
        name: the name of the node, if it is known.
    """

    def __init__(
        self,
        address: str,
        fault: str,
        code: ErrorCode = ErrorCode.COMPONENT_FAILED,
        status_code: int | None = None,
        name: str | None = None,
    ) -> None:
        node = "the node" if name is None else f"the node {name!r}"
        super().__init__(f"{node} at {address} {fault}", code=code, status_code=status_code)
        self._address = address
        self._fault = fault

    def named(self, name: str) -> RemoteFault:
        """Return the error with the name of the node."""
        return RemoteFault(self._address, self._fault, self.code, self.status_code, name)


class RemoteNode(Predictor):
    """A component at another address. Thread-safe.

    A call whose connection fails is repeated twice. A feedback is repeated only if it never reached the node,
    because it would count twice.

    Args:
        address: host and port.
        limits: the limits of answers, and of the time of a call.
    """

    unbatched = _METHODS
    """Each call carries headers of its own; the node may have batches there."""

    def __init__(self, address: str, limits: Limits) -> None:
        self.address = address
        self.limits = limits

    @property
    def methods(self) -> frozenset[Method]:
        """Every method: the node knows what it defines."""
        return _METHODS

    def load(self) -> None:
        """Do nothing: the node may start later."""

    def metadata(self) -> dict[str, Any]:
        """Return the node's document; an empty one, after a warning, while it cannot be reached."""
        try:
            return self.fetch_metadata(_LIMIT_S / 10)
        except (SeldonError, Unreachable, ValueError) as error:
            logger.warning("the node at %s has no metadata: %s", self.address, error)
            return {}

    def predict(self, method: Method, request: Request) -> Message:
        """Return what :meth:`answer` returns."""
        return self.answer(method, request)

    def answer(self, method: Method, request: Request) -> Message:
        """Have the node answer. Blocks meanwhile.

        Raises:
            SeldonError: the node's own error; UNAVAILABLE when it cannot be reached; DEADLINE_EXCEEDED.
        """
        call = running_call()
        left_s = None if call is None else remaining_s(call)
        most_s = self.limits.timeout_s or _LIMIT_S
        until = time.monotonic() + (most_s if left_s is None else min(left_s, most_s))
        given = {} if call is None else call.headers
        send = self.prepare(method, request, {name: given[name] for name in _PASSED_ON if name in given})
        for pause_s in (*_PAUSES_S, None):
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise self.too_late()
            try:
                return send(left_s)
            except Unreachable as error:
                is_safe = method is not Method.SEND_FEEDBACK or not error.was_sent
                if pause_s is None or not is_safe or time.monotonic() + pause_s >= until:
                    fault = f"cannot be reached: {error}"
                    raise RemoteFault(self.address, fault, ErrorCode.UNAVAILABLE) from error
                time.sleep(pause_s)
        raise AssertionError  # the last round has no pause

    def too_late(self) -> SeldonError:
        """Return the error of a call that the node did not answer in time."""
        fault = "did not answer within the time of the call"
        return RemoteFault(self.address, fault, ErrorCode.DEADLINE_EXCEEDED)

    def wrong_answer(self, reason: str) -> SeldonError:
        """Return the error of an answer that is not a message of the protocol, or that is too large."""
        return RemoteFault(self.address, f"sent a wrong answer: {reason}")

    @abstractmethod
    def prepare(
        self, method: Method, request: Request, headers: Mapping[str, str]
    ) -> Callable[[float], Message]:
        """Return a function that sends the request, waits for so many seconds, and returns the answer.

        The function raises :class:`Unreachable` or SeldonError.
        """

    @abstractmethod
    def fetch_metadata(self, timeout_s: float) -> dict[str, Any]:
        """Return the node's metadata document."""


def scheme_of(endpoint: Endpoint) -> str:
    """Return the beginning of the reference to a remote node, before host and port."""
    return f"{REST_NODE if endpoint.kind == 'REST' else GRPC_NODE}{_TLS if endpoint.tls else ''}://"


def remote_node(reference: str, settings: Settings) -> RemoteNode | None:
    """Return the predictor for the reference of a remote node, else None.

    Raises:
        StartupError: gRPC is not installed, or the files of TLS cannot be used.
    """
    scheme, _, address = reference.partition("://")
    kind = scheme.removesuffix(_TLS)
    if kind not in (REST_NODE, GRPC_NODE):
        return None
    limits, tls = limits_from(settings), None
    if scheme != kind:
        from seldon_runtime_graph.nodes.client_tls import ClientTls

        tls = ClientTls.of(settings)
    if kind == REST_NODE:
        from seldon_runtime_graph.nodes.remote_rest import RestNode

        return RestNode(address, limits, tls)
    try:
        from seldon_runtime_graph.nodes.remote_grpc import GrpcNode
    except ModuleNotFoundError as error:
        raise StartupError(
            f"a node is called over gRPC, and {error.name} is not installed. Install it with: "
            "pip install 'seldon-runtime[grpc]'"
        ) from None
    return GrpcNode(address, limits, tls)
