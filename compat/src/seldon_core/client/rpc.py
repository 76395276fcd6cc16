"""Calls of ``SeldonClient`` over gRPC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seldon_core.client.credentials import TOKEN_HEADER, grpc_credentials
from seldon_core.client.results import SeldonClientException
from seldon_core.client.settings import CallSettings
from seldon_core.proto import prediction_pb2_grpc

if TYPE_CHECKING:
    import grpc

_STUBS = {
    "Predict": prediction_pb2_grpc.ModelStub,
    "SendFeedback": prediction_pb2_grpc.GenericStub,
    "TransformInput": prediction_pb2_grpc.GenericStub,
    "TransformOutput": prediction_pb2_grpc.GenericStub,
    "Route": prediction_pb2_grpc.GenericStub,
    "Aggregate": prediction_pb2_grpc.GenericStub,
}
"""The service of a component by the name of the RPC."""


def call_gateway(settings: CallSettings, name: str, request: Any) -> tuple[Any, str]:
    """Call an RPC of the gateway; return its answer and "", or None and the text of its error.

    Raises:
        SeldonClientException: a token would travel without TLS, and ``ssl=False`` does not allow it.
        OSError: a file of the credentials cannot be read.
    """
    metadata = settings.metadata()
    if not settings.uses_tls and settings.token is not None:
        if settings.ssl is None:
            raise SeldonClientException(
                "call_credentials need TLS: pass channel_credentials or ssl=True; ssl=False sends the token "
                "without TLS"
            )
        metadata.append((TOKEN_HEADER.lower(), settings.token))
    credentials = (
        grpc_credentials(settings.channel_credentials, settings.token) if settings.uses_tls else None
    )
    stub = prediction_pb2_grpc.SeldonStub
    return _called(settings, settings.gateway_endpoint, credentials, stub, name, request, metadata)


def call_component(settings: CallSettings, name: str, request: Any) -> tuple[Any, str]:
    """Call an RPC of a component itself. Results are those of :func:`call_gateway`."""
    return _called(settings, settings.microservice_endpoint, None, _STUBS[name], name, request, ())


def _called(
    settings: CallSettings,
    endpoint: str,
    credentials: grpc.ChannelCredentials | None,
    make_stub: Any,
    name: str,
    request: Any,
    metadata: Sequence[tuple[str, str]],
) -> tuple[Any, str]:
    import grpc

    options = [
        ("grpc.max_send_message_length", settings.grpc_max_send_message_length),
        ("grpc.max_receive_message_length", settings.grpc_max_receive_message_length),
    ]
    channel = (
        grpc.insecure_channel(endpoint, options)
        if credentials is None
        else grpc.secure_channel(endpoint, credentials, options)
    )
    with channel:
        call = vars(make_stub(channel))[name]
        try:
            return call(request, metadata=metadata, timeout=settings.timeout_s), ""
        except (grpc.RpcError, ValueError) as error:  # a ValueError is about invalid metadata
            return None, str(error)
