"""A node that is called over gRPC, by the services of a component server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from seldon_runtime.plugin import ErrorCode, Feedback, Limits, Message, Method, Payload, Request, SeldonError
from seldon_runtime.plugin import Kind as PayloadKind
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_graph.nodes.client_tls import ClientTls
from seldon_runtime_graph.nodes.remote import RemoteFault, RemoteNode, Unreachable
from seldon_runtime_graph.nodes.values import single
from seldon_runtime_grpc import messages

_RPCS = {
    Method.PREDICT: "Model/Predict",
    Method.TRANSFORM_INPUT: "Generic/TransformInput",
    Method.TRANSFORM_OUTPUT: "Generic/TransformOutput",
    Method.ROUTE: "Generic/Route",
    Method.AGGREGATE: "Generic/Aggregate",
    Method.SEND_FEEDBACK: "Generic/SendFeedback",
}
_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"
_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: ErrorCode.BAD_DATA,
    grpc.StatusCode.UNIMPLEMENTED: ErrorCode.NOT_IMPLEMENTED,
    grpc.StatusCode.NOT_FOUND: ErrorCode.NOT_FOUND,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ErrorCode.OVERLOADED,
    grpc.StatusCode.UNAUTHENTICATED: ErrorCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED: ErrorCode.FORBIDDEN,
}
_TOO_LARGE = "Received message larger than max"
_UNLIMITED = -1
_EMPTY = {"name": "", "versions": [], "platform": "", "inputs": [], "outputs": [], "custom": {}}
"""The members that protobuf leaves out when they are empty."""


class GrpcNode(RemoteNode):
    """A node that is called over gRPC, with one channel for all threads."""

    def __init__(self, address: str, limits: Limits, tls: ClientTls | None = None) -> None:
        super().__init__(address, limits)
        options = [
            ("grpc.max_receive_message_length", limits.max_body_bytes),
            ("grpc.max_send_message_length", _UNLIMITED),
        ]
        if tls is None:
            self._channel = grpc.insecure_channel(address, options)
        else:
            trust = grpc.ssl_channel_credentials(tls.authorities, tls.key, tls.certificate)
            self._channel = grpc.secure_channel(address, trust, options)

    def prepare(
        self, method: Method, request: Request, headers: Mapping[str, str]
    ) -> Callable[[float], Message]:
        """Return a function that calls the RPC of the method and returns the answer."""
        if method is Method.HEALTH_STATUS:
            return self._health
        call: Any = self._channel.unary_unary(f"/seldon.protos.{_RPCS[method]}")
        try:
            wire = _wire(request)
        except SeldonError as error:  # its message blames a component's answer
            reason = error.__cause__ or error.message
            fault = f"cannot receive its message, which cannot be written as protobuf: {reason}"
            raise RemoteFault(self.address, fault) from error
        metadata = list(headers.items())

        def send(timeout_s: float) -> Message:
            found = self._result(call, wire, timeout_s, metadata)
            try:
                return messages.decode_message(messages.SeldonMessage.FromString(found), self.limits, "it")
            except DecodeError as error:
                raise self.wrong_answer(f"it is not a SeldonMessage: {error}") from error
            except SeldonError as error:
                raise self.wrong_answer(error.message) from error

        return send

    def fetch_metadata(self, timeout_s: float) -> dict[str, Any]:
        """Return the document of the RPC ``Metadata``, in the form of REST."""
        call: Any = self._channel.unary_unary("/seldon.protos.Model/Metadata")
        wire = self._result(call, b"", timeout_s, [])
        kind = messages.POOL.FindMessageTypeByName("seldon.protos.SeldonModelMetadata")
        try:
            document = messages_class(kind).FromString(wire)
        except DecodeError as error:
            raise self.wrong_answer(f"it is not a {kind.name}: {error}") from error
        found = MessageToDict(document, descriptor_pool=messages.POOL)
        for tensor in (*found.get("inputs", ()), *found.get("outputs", ())):
            if "datatype" in tensor:
                tensor["shape"] = [int(size) for size in tensor.get("shape", ())]  # protobuf writes text
        return {**deepcopy(_EMPTY), **found}

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _health(self, timeout_s: float) -> Message:
        answer = self._result(self._channel.unary_unary(_HEALTH), b"", timeout_s, [])
        if answer != _SERVING:
            raise RemoteFault(self.address, "is not serving", ErrorCode.UNAVAILABLE)
        return Message(Payload(PayloadKind.STR, "healthy"))

    def _result(self, call: Any, wire: bytes, timeout_s: float, metadata: list[tuple[str, str]]) -> bytes:
        try:
            answer: bytes = call(wire, timeout=timeout_s, metadata=metadata)
            return answer
        except grpc.RpcError as error:
            raise self._error(error) from error

    def _error(self, error: Any) -> Exception:
        code, details = error.code(), error.details() or ""
        if code is grpc.StatusCode.UNAVAILABLE:
            return Unreachable(details, was_sent="failed to connect" not in details.lower())
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return self.too_late()
        told = _CODES.get(code, ErrorCode.COMPONENT_FAILED)
        if not details.strip():
            return RemoteFault(self.address, f"answered with status {code.name}", told)
        if _TOO_LARGE in details:  # the text of this client
            return self.wrong_answer(details)
        return SeldonError(details, code=told)


def messages_class(kind: Any) -> Any:
    """Return the class of a message type of the protocol."""
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(kind)


def _wire(request: Request) -> bytes:
    if isinstance(request, list):
        listed = messages.SeldonMessageList(seldonMessages=[_parsed(each) for each in request])
        return bytes(listed.SerializeToString())
    if isinstance(request, Feedback):
        parts = {"request": request.request, "response": request.response, "truth": request.truth}
        given = {key: _parsed(part) for key, part in parts.items() if part is not None}
        return bytes(messages.Feedback(reward=request.reward, **given).SerializeToString())
    assert request is not None
    return messages.encode_message(single(request), NonFinite.NULL)


def _parsed(message: Message) -> Any:
    return messages.SeldonMessage.FromString(messages.encode_message(single(message), NonFinite.NULL))
