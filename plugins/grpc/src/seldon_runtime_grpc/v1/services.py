"""The gRPC services of the Seldon protocol, and the component method that each of their RPCs calls."""

from __future__ import annotations

from seldon_runtime.plugin import Call, Codec, ErrorCode, Limits, Method, SeldonError
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService, GrpcStream, RequestContext
from seldon_runtime_grpc.protos.pool import serialized_files
from seldon_runtime_grpc.protos.prediction_pb2 import DESCRIPTOR
from seldon_runtime_grpc.v1.codec import GrpcCodec

CALLS = {
    "Predict": Method.PREDICT,
    "TransformInput": Method.TRANSFORM_INPUT,
    "TransformOutput": Method.TRANSFORM_OUTPUT,
    "Route": Method.ROUTE,
    "Aggregate": Method.AGGREGATE,
    "SendFeedback": Method.SEND_FEEDBACK,
    "Metadata": Method.METADATA,
    "ModelMetadata": Method.METADATA,
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
    files = serialized_files()
    return [
        GrpcService(service, {name: _method(name, codec) for name in names}, files)
        for service, names in SERVICES.items()
    ]


def _method(name: str, codec: Codec) -> GrpcMethod | GrpcStream:
    method = CALLS.get(name.removesuffix(STREAM))
    if method is None:
        return GrpcMethod(_refuse_graph)

    def begin(request: bytes, context: RequestContext) -> Call:
        return context.call(method, request, codec)

    return GrpcStream(begin, has_one_request=True) if name.endswith(STREAM) else GrpcMethod(begin)


def _refuse_graph(request: bytes, context: RequestContext) -> Call:
    raise SeldonError("this is one component, not a graph", code=ErrorCode.NOT_IMPLEMENTED)
