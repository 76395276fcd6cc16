"""The component as a Flask application, and as a gRPC server, for tests and servers of users."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from seldon_core import env_utils, seldon_methods
from seldon_core.metrics import SeldonMetrics
from seldon_core.proto import prediction_pb2, prediction_pb2_grpc
from seldon_core.utils import json_to_seldon_message, json_to_seldon_model_metadata
from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.plugin import embedded_service
from seldon_runtime_rest.wsgi import flask_application

if TYPE_CHECKING:
    import grpc
    from flask import Flask, Response

ANNOTATION_GRPC_MAX_MSG_SIZE = "seldon.io/grpc-max-message-size"
METRICS_ENDPOINT = "/metrics"

Answer = prediction_pb2.SeldonMessage


def get_rest_microservice(user_model: object, seldon_metrics: SeldonMetrics | None = None) -> Flask:
    """Return the REST endpoints of a component as a Flask application. Does not call ``load()``.

    Args:
        user_model: an instance of a user's class.
        seldon_metrics: accepted for compatibility; a test finds metrics in the answers.
    """
    service = embedded_service(
        user_model, env_utils.identity(), show_metrics=env_utils.shows_metrics(), type_hints=False
    )
    return flask_application(service)


def get_metrics_microservice(seldon_metrics: SeldonMetrics) -> Flask:
    """Return a Flask application with the counted metrics at ``/metrics``, in Prometheus' text."""
    import flask

    app = flask.Flask(__name__, static_folder=None)

    @app.get(METRICS_ENDPOINT)
    def metrics() -> Response:
        text, content_type = seldon_metrics.generate_metrics()
        return flask.Response(text, content_type=content_type)

    return app


def get_grpc_server(
    user_model: object,
    seldon_metrics: SeldonMetrics | None = None,
    annotations: Mapping[str, str] | None = None,
    trace_interceptor: Any = None,
    num_threads: int = 1,
) -> grpc.Server:
    """Return a server of all services of the protocol, which has no port yet. Does not call ``load()``.

    Args:
        user_model: an instance of a user's class.
        seldon_metrics: counts custom metrics and rewards.
        annotations: ``seldon.io/grpc-max-message-size`` is the largest message in bytes.
        trace_interceptor: an interceptor of grpc.
        num_threads: number of calls at the same time; the component must be thread-safe if more than 1.
    """
    import grpc

    largest = (annotations or {}).get(ANNOTATION_GRPC_MAX_MSG_SIZE)
    limits = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
    server = grpc.server(
        ThreadPoolExecutor(max_workers=num_threads),
        interceptors=None if trace_interceptor is None else [trace_interceptor],
        options=[] if largest is None else [(name, int(largest)) for name in limits],
    )
    servicer = SeldonModelGRPC(user_model, seldon_metrics)
    for add in (
        prediction_pb2_grpc.add_GenericServicer_to_server,
        prediction_pb2_grpc.add_ModelServicer_to_server,
        prediction_pb2_grpc.add_RouterServicer_to_server,
        prediction_pb2_grpc.add_TransformerServicer_to_server,
        prediction_pb2_grpc.add_OutputTransformerServicer_to_server,
        prediction_pb2_grpc.add_CombinerServicer_to_server,
        prediction_pb2_grpc.add_SeldonServicer_to_server,
    ):
        add(servicer, server)
    return server


class SeldonModelGRPC:
    """A servicer of all services of the protocol. It calls the component on the thread of the call.

    Each method returns the answer. Without a ``context``, as in tests, an exception reaches the caller; with
    one, the client receives its gRPC status.

    Args:
        user_model: an instance of a user's class.
        seldon_metrics: counts custom metrics and rewards.
    """

    def __init__(self, user_model: object, seldon_metrics: SeldonMetrics | None = None) -> None:
        self.user_model = user_model
        self.seldon_metrics = seldon_metrics
        self.metadata_data = seldon_methods.init_metadata(user_model)

    def Predict(self, request_grpc: Answer, context: Any) -> Answer:
        """Answer by ``predict``."""
        return self._answered(seldon_methods.predict, request_grpc, context)

    def TransformInput(self, request_grpc: Answer, context: Any) -> Answer:
        """Answer by ``transform_input``."""
        return self._answered(seldon_methods.transform_input, request_grpc, context)

    def TransformOutput(self, request_grpc: Answer, context: Any) -> Answer:
        """Answer by ``transform_output``."""
        return self._answered(seldon_methods.transform_output, request_grpc, context)

    def Route(self, request_grpc: Answer, context: Any) -> Answer:
        """Answer by ``route``."""
        return self._answered(seldon_methods.route, request_grpc, context)

    def Aggregate(self, request_grpc: prediction_pb2.SeldonMessageList, context: Any) -> Answer:
        """Answer by ``aggregate``."""
        return self._answered(seldon_methods.aggregate, request_grpc, context)

    def SendFeedback(self, feedback_grpc: prediction_pb2.Feedback, context: Any) -> Answer:
        """Answer by ``send_feedback``."""

        def call(user: object, request: Any, metrics: SeldonMetrics | None) -> Any:
            return seldon_methods.send_feedback(user, request, None, metrics)

        return self._answered(call, feedback_grpc, context)

    def Metadata(self, request_grpc: Any, context: Any) -> prediction_pb2.SeldonModelMetadata:
        """Return the metadata document."""
        return json_to_seldon_model_metadata(self.metadata_data)

    def ModelMetadata(self, request_grpc: Any, context: Any) -> prediction_pb2.SeldonModelMetadata:
        """Return the metadata document."""
        return self.Metadata(request_grpc, context)

    def GraphMetadata(self, request_grpc: Any, context: Any) -> prediction_pb2.SeldonGraphMetadata:
        """Refuse the call: this is one component.

        Raises:
            NotImplementedError: without a context.
        """
        error = SeldonError("this is one component, not a graph", code=ErrorCode.NOT_IMPLEMENTED)
        if context is not None:
            _abort(context, error)
        raise NotImplementedError(error.message)

    def _answered(self, call: Callable[..., Any], request: Any, context: Any) -> Answer:
        try:
            answer = call(self.user_model, request, self.seldon_metrics)
        except SeldonError as error:
            if context is not None:
                _abort(context, error)
            raise
        return json_to_seldon_message(answer) if isinstance(answer, dict) else answer


def _abort(context: Any, error: SeldonError) -> None:
    """End the RPC with the error's status."""
    from seldon_runtime_grpc.calls import status_of

    context.abort_with_status(status_of(error, None))
