"""A client of deployments and components, over REST and gRPC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seldon_core.client.credentials import SeldonCallCredentials, SeldonChannelCredentials
from seldon_core.client.exchanges import explained, prediction, through_gateway, to_component
from seldon_core.client.messages import feedback_message, several_messages
from seldon_core.client.results import (
    SeldonClientCombine,
    SeldonClientException,
    SeldonClientFeedback,
    SeldonClientPrediction,
)
from seldon_core.client.settings import TIMEOUT_S, CallSettings

__all__ = [
    "SeldonCallCredentials",
    "SeldonChannelCredentials",
    "SeldonClient",
    "SeldonClientCombine",
    "SeldonClientException",
    "SeldonClientFeedback",
    "SeldonClientPrediction",
]

_RPCS = {
    "predict": "Predict",
    "transform-input": "TransformInput",
    "transform-output": "TransformOutput",
    "route": "Route",
    "aggregate": "Aggregate",
}
"""The RPC by the name of a component's method, which is also its path."""


class SeldonClient:
    """Calls deployments through a gateway, and components directly.

    The arguments are the defaults of its methods, which take most of them, too. Without a payload, a method
    sends random numbers. A failed RPC or an HTTP status other than 200 is a result without ``success``.

    Args:
        gateway: ``ambassador``, ``istio`` or ``seldon``, a gateway that serves one deployment.
        transport: ``rest`` or ``grpc``.
        namespace: the deployment's namespace.
        deployment_name: the deployment's name.
        payload_type: the kind of an array: ``tensor``, ``ndarray`` or ``tftensor``.
        gateway_endpoint: host and port of the gateway.
        microservice_endpoint: host and port of a component.
        grpc_max_send_message_length: the largest request over gRPC in bytes.
        grpc_max_receive_message_length: the largest answer over gRPC in bytes.
        channel_credentials: the certificates of TLS connections to the gateway.
        call_credentials: the token of calls of the gateway.
        debug: print HTTP requests and answers.
        client_return_type: ``dict`` or ``proto``, the form of a gateway's answers.
        ssl: True for TLS connections to the gateway, False for plain ones. By default REST uses TLS with
            ``call_credentials``, and gRPC with ``channel_credentials``.
        timeout_s: the longest wait for an answer.
    """

    def __init__(
        self,
        gateway: str = "ambassador",
        transport: str = "rest",
        namespace: str | None = None,
        deployment_name: str | None = None,
        payload_type: str = "tensor",
        gateway_endpoint: str = "localhost:8003",
        microservice_endpoint: str = "localhost:5000",
        grpc_max_send_message_length: int = 4 * 1024 * 1024,
        grpc_max_receive_message_length: int = 4 * 1024 * 1024,
        channel_credentials: SeldonChannelCredentials | None = None,
        call_credentials: SeldonCallCredentials | None = None,
        debug: bool = False,
        client_return_type: str = "dict",
        ssl: bool | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.config = {name: value for name, value in locals().items() if name != "self"}
        self._settings({})

    def _settings(self, given: Mapping[str, Any]) -> CallSettings:
        return CallSettings().but(self.config).but(given)

    def predict(
        self,
        gateway: str | None = None,
        transport: str | None = None,
        deployment_name: str | None = None,
        payload_type: str | None = None,
        gateway_endpoint: str | None = None,
        microservice_endpoint: str | None = None,
        method: str | None = None,
        shape: Sequence[int] = (1, 1),
        namespace: str | None = None,
        data: Any = None,
        bin_data: bytes | bytearray | None = None,
        str_data: str | None = None,
        json_data: Any = None,
        custom_data: Any = None,
        names: Iterable[str] | None = None,
        gateway_prefix: str | None = None,
        headers: Mapping[str, str] | None = None,
        http_path: str | None = None,
        meta: Mapping[str, Any] | None = None,
        client_return_type: str | None = None,
        raw_data: Mapping[str, Any] | None = None,
        ssl: bool | None = None,
    ) -> SeldonClientPrediction:
        """Ask a deployment for a prediction.

        The result has the answer in the form ``client_return_type``, and so has it the request over gRPC.

        Args:
            gateway: see the class, like the further arguments that are not here.
            transport: see the class.
            deployment_name: see the class.
            payload_type: see the class.
            gateway_endpoint: see the class.
            microservice_endpoint: accepted for compatibility.
            method: accepted for compatibility.
            shape: the shape of random numbers.
            namespace: see the class.
            data: an array.
            bin_data: bytes.
            str_data: text.
            json_data: a JSON value.
            custom_data: a ``google.protobuf.Any``.
            names: the names of the array's columns.
            gateway_prefix: the path of the deployment, instead of ``/seldon/NAMESPACE/NAME``.
            headers: HTTP headers or gRPC metadata.
            http_path: the path behind the deployment's, instead of ``/api/v1.0/predictions``.
            meta: the tags of the message.
            client_return_type: see the class.
            raw_data: the whole message as JSON.
            ssl: see the class.

        Raises:
            SeldonClientException: an argument is invalid or missing.
            ConnectionError: no server answers, over REST. Over gRPC the result says so.
        """
        given = locals()
        settings = self._settings(given)
        return SeldonClientPrediction(*through_gateway(settings, "Predict", prediction(settings, given)))

    def feedback(
        self,
        prediction_request: Any = None,
        prediction_response: Any = None,
        prediction_truth: Any = None,
        reward: float = 0,
        gateway: str | None = None,
        transport: str | None = None,
        deployment_name: str | None = None,
        payload_type: str | None = None,
        gateway_endpoint: str | None = None,
        microservice_endpoint: str | None = None,
        method: str | None = None,
        shape: Sequence[int] = (1, 1),
        namespace: str | None = None,
        gateway_prefix: str | None = None,
        client_return_type: str | None = None,
        raw_request: Mapping[str, Any] | None = None,
        ssl: bool | None = None,
    ) -> SeldonClientFeedback:
        """Send a deployment the reward of an answer.

        ``prediction_request``, ``prediction_response`` (its answer) and ``prediction_truth`` (the right
        answer) are messages or JSON. ``raw_request`` is the whole feedback as JSON, and stands for them and
        ``reward``. Further arguments and errors are those of :meth:`predict`.
        """
        settings = self._settings(locals())
        message = feedback_message(
            prediction_request, prediction_response, prediction_truth, reward, raw_request
        )
        return SeldonClientFeedback(*through_gateway(settings, "SendFeedback", message))

    def explain(
        self,
        gateway: str | None = None,
        transport: str | None = None,
        deployment_name: str | None = None,
        payload_type: str | None = None,
        gateway_endpoint: str | None = None,
        shape: Sequence[int] = (1, 1),
        namespace: str | None = None,
        data: Any = None,
        bin_data: bytes | bytearray | None = None,
        str_data: str | None = None,
        json_data: Any = None,
        names: Iterable[str] | None = None,
        gateway_prefix: str | None = None,
        headers: Mapping[str, str] | None = None,
        http_path: str | None = None,
        client_return_type: str | None = None,
        predictor: str | None = None,
        ssl: bool | None = None,
    ) -> SeldonClientPrediction:
        """Ask the explainer of the predictor with the name ``predictor``, over REST.

        Further arguments and errors are those of :meth:`predict`.
        """
        given = locals()
        settings = self._settings(given)
        return SeldonClientPrediction(*explained(settings, predictor, prediction(settings, given)))

    def microservice(
        self,
        gateway: str | None = None,
        transport: str | None = None,
        deployment_name: str | None = None,
        payload_type: str | None = None,
        gateway_endpoint: str | None = None,
        microservice_endpoint: str | None = None,
        method: str | None = None,
        shape: Sequence[int] = (1, 1),
        namespace: str | None = None,
        data: Any = None,
        datas: Sequence[Any] | None = None,
        ndatas: int | None = None,
        bin_data: bytes | bytearray | None = None,
        str_data: str | None = None,
        json_data: Any = None,
        custom_data: Any = None,
        names: Iterable[str] | None = None,
    ) -> SeldonClientPrediction | SeldonClientCombine:
        """Call a method of a component itself, without TLS; the result has messages.

        ``method`` is ``predict``, ``transform-input``, ``transform-output``, ``route`` or ``aggregate``,
        which takes the arrays ``datas``, or ``ndatas`` arrays of random numbers. Further arguments and errors
        are those of :meth:`predict`.
        """
        given = locals()
        settings = self._settings(given)
        if method not in _RPCS:
            raise SeldonClientException(f"method is {method!r}, expected one of {', '.join(_RPCS)}")
        if method == "aggregate":
            messages = several_messages(
                payload_type=settings.payload_type, shape=shape, datas=datas, ndatas=ndatas, names=names
            )
            return SeldonClientCombine(*to_component(settings, "/aggregate", "Aggregate", messages))
        message = prediction(settings, given)
        return SeldonClientPrediction(*to_component(settings, f"/{method}", _RPCS[method], message))

    def microservice_feedback(
        self,
        prediction_request: Any = None,
        prediction_response: Any = None,
        reward: float = 0,
        gateway: str | None = None,
        transport: str | None = None,
        deployment_name: str | None = None,
        payload_type: str | None = None,
        gateway_endpoint: str | None = None,
        microservice_endpoint: str | None = None,
        method: str | None = None,
        shape: Sequence[int] = (1, 1),
        namespace: str | None = None,
    ) -> SeldonClientFeedback:
        """Send a component itself the reward of an answer. Arguments are those of ``feedback``."""
        settings = self._settings(locals())
        message = feedback_message(prediction_request, prediction_response, None, reward)
        return SeldonClientFeedback(*to_component(settings, "/send-feedback", "SendFeedback", message))
