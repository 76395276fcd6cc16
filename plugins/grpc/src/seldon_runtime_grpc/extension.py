"""The public extension point of the gRPC transport: services of other plugins on the same port.

A plugin implements :func:`seldon_grpc_services`. Its calls share the port, the queue, the limits, the access
log, the metrics and the drain with the calls of the Seldon protocol; reflection lists its services and the
health service answers for their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from seldon_runtime.plugin import Call, Codec, Hooks, Method, Origin, SeldonError, Service, Settings, hookspec

__all__ = ["GrpcMethod", "GrpcService", "GrpcStream", "RequestContext", "seldon_grpc_services"]

TRANSPORT = "grpc"


def _client_of(call: GrpcCall) -> Any:
    found = _CLIENT.__get__(call)
    if callable(found):
        found = found()
        _CLIENT.__set__(call, found)
    return found


_CLIENT: Any = Call.client  # type: ignore[misc]  # the slot of the field


class GrpcCall(Call):
    """A call that arrived by gRPC: it reports gRPC statuses, and looks its client up when that is read."""

    __slots__ = ()

    client: Any = property(_client_of, _CLIENT.__set__)  # no Python code sets it

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
        """Return the name of the gRPC status of an answer or an error, and the bytes of the answer."""
        if error is not None and type(self.codec).outcome is Codec.outcome:
            from seldon_runtime_grpc.status import code_of  # imports grpc, which takes time, for --help too

            return code_of(error).name, 0
        return self.codec.outcome(answer, error)


@dataclass(slots=True, eq=False)
class RequestContext(Origin):
    """The metadata of one gRPC request."""

    target: str
    """The full name of the RPC, such as ``/acme.Hello/Greet``."""
    headers: Mapping[str, str]
    """The request's metadata, with lower-case names. Repeated texts are joined by ``", "``; the values of
    ``-bin`` metadata are base64, joined by ``","``."""
    request_id: str | None = None
    """The client's ``x-request-id``; None without one, or when it is not 1 to 128 printable characters."""
    deadline: float | None = None
    """The client's deadline, on the clock of ``time.monotonic``."""
    find_peer: Callable[[], str] | None = None
    """Looks up the client's address. Takes microseconds: :attr:`client` calls it when it is read."""

    @property
    def client(self) -> str | None:
        """The client's address in gRPC's form, such as ``ipv4:127.0.0.1:5000``."""
        return self.find_peer() if self.find_peer is not None else None

    def client_address(self) -> tuple[str, int] | str | None:
        """Return the client's host and port, or gRPC's form of another kind of address. Any thread."""
        peer = self.client
        return None if peer is None else address_of(peer)

    def call(self, method: Method, wire: bytes | str, codec: Codec) -> Call:
        """Return a call of the component that belongs to this request.

        Args:
            method: the component's method.
            wire: the serialized request, which the codec reads on the component's thread; for METADATA and
                HEALTH_STATUS the name of a node of a graph, or nothing.
            codec: reads the request and writes the serialized answer.
        """
        call = GrpcCall(  # by position: keywords take three times as long
            method,
            wire,
            codec,
            TRANSPORT,
            self.request_id,
            self.headers,
            self.deadline,
            len(wire),
            self.target,
            self.find_peer,  # type: ignore[arg-type]  # the property calls it
        )
        call.origin = self
        return call


def address_of(peer: str) -> tuple[str, int] | str:
    """Return host and port of gRPC's form of an address; another kind of address as it is.

    >>> address_of("ipv4:127.0.0.1:4711"), address_of("ipv6:%5B::1%5D:4711"), address_of("unix:/tmp/socket")
    (('127.0.0.1', 4711), ('::1', 4711), 'unix:/tmp/socket')
    """
    scheme, _, address = peer.partition(":")
    host, _, port = unquote(address).rpartition(":")
    if scheme not in ("ipv4", "ipv6") or not port.isdigit():
        return peer
    return host.strip("[]"), int(port)


Begin = Callable[[bytes, RequestContext], Call | bytes]


@dataclass(frozen=True, slots=True)
class GrpcMethod:
    """An RPC with one request and one answer."""

    begin: Begin
    """Receives the serialized request and its context, and returns the call that answers it, usually
    ``context.call(...)``. It may return the serialized answer instead, for an RPC that needs no component.

    Runs on the thread that serves all connections: it must return at once, and leaves reading the request to
    the call's codec. A SeldonError that it raises is the RPC's error; any other exception is logged, and the
    client receives INTERNAL.
    """


@dataclass(frozen=True, slots=True)
class GrpcStream:
    """An RPC with a stream of requests and a stream of answers.

    Each request is a call of its own. The server begins the next one when the answer is sent, so answers have
    the order of their requests. An open stream holds a thread: the server refuses more than
    ``--grpc-max-streams``. At most 64 may wait for a request, and of more the server cancels the stream that
    has waited longest. Response headers of interceptors are lost.
    """

    begin: Begin
    """As that of a :class:`GrpcMethod`, for each request, but on the thread of the stream. The component may
    answer with a stream of messages, each of which the call's codec writes by ``write_item``."""
    fail: Callable[[SeldonError, Call | None], bytes] | None = None
    """Returns the serialized message that reports the error of one request; the stream goes on. Receives the
    call, or None when ``begin`` raised. Without it the error is the status of the RPC, which then ends."""
    end: Callable[[Call], bytes | None] | None = None
    """Returns the serialized message to send after the last one of a component's stream; None for no message.
    """
    has_one_request: bool = False
    """True for an RPC with a single request, which ends with its answers."""


@dataclass(frozen=True, slots=True)
class GrpcService:
    """A gRPC service."""

    name: str
    """The full name, such as ``acme.Hello``."""
    methods: Mapping[str, GrpcMethod | GrpcStream]
    """The RPCs by their names in the service, such as ``Greet``."""
    file_descriptors: Sequence[bytes] = ()
    """Serialized ``FileDescriptorProto`` messages that describe the service, for reflection.

    These are its own file and those that it imports, in any order. Files of protobuf itself, such as
    ``google/protobuf/any.proto``, may be left out.
    """
    health_names: Sequence[str] = ()
    """Further names for which the health service reports this service, such as the name of a model."""


@hookspec
def seldon_grpc_services(
    service: Service, settings: Settings, hooks: Hooks
) -> GrpcService | Sequence[GrpcService] | None:
    """Return gRPC services to serve beside those of the Seldon protocol; None to add no services.

    Called once, on the main thread, when the gRPC transport is made: after the load, before readiness. Mark
    the implementation ``@hookimpl(optionalhook=True)``, so that it is ignored where gRPC is not selected. A
    service name that is in use already stops the start.

    Args:
        service: the component's service, for its limits and metadata.
        settings: the settings of the process.
        hooks: calls hooks of your own.
    """
