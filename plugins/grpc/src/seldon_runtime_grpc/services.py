"""The services of the protocol: which call each of their methods makes."""

from __future__ import annotations

from seldon_runtime.message import Method
from seldon_runtime_grpc.protos.prediction_pb2 import DESCRIPTOR

CALLS = {
    "Predict": Method.PREDICT,
    "TransformInput": Method.TRANSFORM_INPUT,
    "TransformOutput": Method.TRANSFORM_OUTPUT,
    "Route": Method.ROUTE,
    "Aggregate": Method.AGGREGATE,
    "SendFeedback": Method.SEND_FEEDBACK,
}
"""In whatever service a method of this name stands."""

METADATA = frozenset({"Metadata", "ModelMetadata"})
"""Methods that answer the component's metadata."""

SERVICES = {
    service.full_name: tuple(service.methods_by_name) for service in DESCRIPTOR.services_by_name.values()
}
"""Full name of each service, and its methods."""
