"""The gRPC services of the Seldon protocol, and the component method that each of their RPCs calls."""

from __future__ import annotations

from functools import partial

from google.protobuf.message import DecodeError

from seldon_runtime.plugin import Call, Codec, Limits, Method, SeldonError
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService, GrpcStream, RequestContext
from seldon_runtime_grpc.protos.pool import serialized_files
from seldon_runtime_grpc.protos.prediction_pb2 import DESCRIPTOR, SeldonModelMetadataRequest
from seldon_runtime_grpc.v1.codec import GraphMetadataCodec, GrpcCodec

CALLS = {
    "Predict": Method.PREDICT,
    "TransformInput": Method.TRANSFORM_INPUT,
    "TransformOutput": Method.TRANSFORM_OUTPUT,
    "Route": Method.ROUTE,
    "Aggregate": Method.AGGREGATE,
    "SendFeedback": Method.SEND_FEEDBACK,
    "Metadata": Method.METADATA,
    "ModelMetadata": Method.METADATA,
    "GraphMetadata": Method.METADATA,
}
"""The component's method by the name of the RPC, which is the same in every service."""

STREAM = "Stream"
"""The end of the name of an RPC that answers with a stream, such as ``PredictStream``."""

SERVICES = {
    service.full_name: tuple(service.methods_by_name) for service in DESCRIPTOR.services_by_name.values()
}
"""The full name of each service, and the names of its RPCs."""


def seldon_services(limits: Limits, non_finite: NonFinite = NonFinite.NULL) -> list[GrpcService]:
    """Return the services of ``seldon.protos``, which share one codec.

    Args:
        limits: the largest arrays that a request may have.
        non_finite: the form of NaN and infinities in answers.
    """
    codec = GrpcCodec(limits, non_finite)
    graphs = GraphMetadataCodec(limits, non_finite)
    files = serialized_files()
    return [
        GrpcService(service, {name: _method(name, codec, graphs) for name in names}, files)
        for service, names in SERVICES.items()
    ]


def _method(name: str, codec: Codec, graphs: Codec) -> GrpcMethod | GrpcStream:
    method = CALLS[name.removesuffix(STREAM)]
    if name == "ModelMetadata":
        return GrpcMethod(partial(_begin_named, codec))
    if name == "GraphMetadata":
        return GrpcMethod(lambda request, context: context.call(method, b"", graphs))

    def begin(request: bytes, context: RequestContext) -> Call:
        return context.call(method, request, codec)

    return GrpcStream(begin, has_one_request=True) if name.endswith(STREAM) else GrpcMethod(begin)


def _begin_named(codec: Codec, request: bytes, context: RequestContext) -> Call:
    """Return a call for the metadata of the node that the request names; one component ignores the name."""
    try:
        name = SeldonModelMetadataRequest.FromString(request).name
    except DecodeError as error:
        raise SeldonError(f"the request is not a valid SeldonModelMetadataRequest: {error}") from error
    return context.call(Method.METADATA, name, codec)
