"""One request and its answer, over the transport of the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict

from seldon_core.client import http, rpc
from seldon_core.client.messages import prediction_message
from seldon_core.client.results import SeldonClientException
from seldon_core.client.settings import CallSettings
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.proto.prediction_pb2 import SeldonMessage
from seldon_core.utils import json_to_seldon_message

_PREDICTIONS, _FEEDBACK, _EXPLAIN = "/api/v1.0/predictions", "/api/v1.0/feedback", "/api/v1.0/explain"
_PATHS = {"Predict": _PREDICTIONS, "SendFeedback": _FEEDBACK}
"""The path behind the deployment's, by the name of the RPC."""
_PAYLOADS = ("shape", "data", "bin_data", "str_data", "json_data", "custom_data", "names", "meta", "raw_data")

Parts = tuple[Any, Any, bool, str]
"""Request, response, success and reason of a result."""


def prediction(settings: CallSettings, given: Mapping[str, Any]) -> SeldonMessage:
    """Return the message that the arguments of a method describe."""
    parts = {name: given[name] for name in _PAYLOADS if name in given}
    return prediction_message(payload_type=settings.payload_type, **parts)


def through_gateway(settings: CallSettings, name: str, message: Any) -> Parts:
    """Send a message to a deployment; ``name`` is the RPC's."""
    is_dict = settings.client_return_type == "dict"
    if settings.is_rest:
        path = settings.path(_PATHS[name])
        answer = http.post_to_gateway(settings, path, MessageToDict(message))
        response = answer.json() if is_dict else _message(answer)
        return message, response, answer.is_ok, _failure(answer)
    reply, failure = rpc.call_gateway(settings, name, message)
    if reply is None:
        return message, None, False, failure
    return (MessageToDict(message), MessageToDict(reply), True, "") if is_dict else (message, reply, True, "")


def explained(settings: CallSettings, predictor: str | None, message: Any) -> Parts:
    """Send a message to the explainer of a predictor.

    Raises:
        SeldonClientException: the explainer cannot be called like this.
    """
    if not settings.is_rest or settings.gateway == "seldon" or settings.client_return_type != "dict":
        raise SeldonClientException(
            "explain works with transport rest, gateway ambassador or istio, and client_return_type dict"
        )
    if predictor is None:
        raise SeldonClientException("explain needs the name of a predictor")
    request = MessageToDict(message)
    path = settings.path(_EXPLAIN, f"-explainer/{predictor}")
    answer = http.post_to_gateway(settings, path, request)
    return request, answer.json(), answer.is_ok, _failure(answer)


def to_component(settings: CallSettings, path: str, name: str, message: Any) -> Parts:
    """Send a message to a component itself; ``name`` is the RPC's."""
    if settings.is_rest:
        answer = http.post_to_component(settings, path, MessageToDict(message))
        return message, _message(answer), answer.is_ok, "" if answer.is_ok else answer.reason
    reply, failure = rpc.call_component(settings, name, message)
    return message, reply, reply is not None, failure


def _failure(answer: http.HttpAnswer) -> str:
    return "" if answer.is_ok else f"{answer.status}:{answer.reason}"


def _message(answer: http.HttpAnswer) -> SeldonMessage | None:
    """Return the message in the body; None for anything else, such as the page of a proxy."""
    given = answer.json()
    if not isinstance(given, dict):
        return None
    try:
        return json_to_seldon_message(given)
    except SeldonMicroserviceException:
        return None
