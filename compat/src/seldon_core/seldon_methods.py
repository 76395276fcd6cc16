"""Answers of a user's object to whole requests, for tests and servers of users.

Each function takes a message of ``prediction_pb2`` or its JSON form, and answers in the same form. User code
runs on the calling thread; its exceptions reach the caller.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from seldon_core.components.dispatch import answer
from seldon_core.env_utils import identity, shows_metrics
from seldon_core.metrics import SeldonMetrics
from seldon_core.proto.prediction_pb2 import Feedback
from seldon_runtime import SeldonError
from seldon_runtime.plugin import Method, embedded_predictor

logger = logging.getLogger(__name__)

_DEFAULT_UNIT = "0"
"""The key of a component without a name in ``meta.routing``."""


def predict(user_model: object, request: Any, seldon_metrics: SeldonMetrics | None = None) -> Any:
    """Return the answer of ``predict``, with names, tags and metrics; of ``predict_raw`` if the class has it.

    Raises:
        SeldonMicroserviceException: the request is invalid.
    """
    return answer(user_model, Method.PREDICT, request, seldon_metrics)


def transform_input(user_model: object, request: Any, seldon_metrics: SeldonMetrics | None = None) -> Any:
    """Return the answer of ``transform_input``; its payload is the request's without that method."""
    return answer(user_model, Method.TRANSFORM_INPUT, request, seldon_metrics)


def transform_output(user_model: object, request: Any, seldon_metrics: SeldonMetrics | None = None) -> Any:
    """Return the answer of ``transform_output``; its payload is the request's without that method."""
    return answer(user_model, Method.TRANSFORM_OUTPUT, request, seldon_metrics)


def route(user_model: object, request: Any, seldon_metrics: SeldonMetrics | None = None) -> Any:
    """Return the answer of ``route``: an array with the number of the branch.

    Raises:
        SeldonNotImplementedError: the class has no ``route``.
    """
    return answer(user_model, Method.ROUTE, request, seldon_metrics)


def aggregate(user_model: object, request: Any, seldon_metrics: SeldonMetrics | None = None) -> Any:
    """Return the answer of ``aggregate`` to several messages.

    Raises:
        SeldonNotImplementedError: the class has no ``aggregate``.
    """
    return answer(user_model, Method.AGGREGATE, request, seldon_metrics)


def send_feedback(
    user_model: object,
    request: Any,
    predictive_unit_id: str | None = None,
    seldon_metrics: SeldonMetrics | None = None,
) -> Any:
    """Return the answer of ``send_feedback``, and count the reward.

    Args:
        user_model: the user's object.
        request: a Feedback, or its JSON form.
        predictive_unit_id: the key of the branch in ``response.meta.routing``.
        seldon_metrics: counts the reward.
    """
    own = identity().unit or _DEFAULT_UNIT
    if predictive_unit_id is not None and predictive_unit_id != own and isinstance(request, Feedback):
        request = _with_own_branch(request, predictive_unit_id, own)
    return answer(user_model, Method.SEND_FEEDBACK, request, seldon_metrics)


def health_status(user_model: object, seldon_metrics: SeldonMetrics | None = None) -> Any:
    """Return the answer of ``health_status`` as JSON."""
    return answer(user_model, Method.HEALTH_STATUS, None, seldon_metrics)


def init_metadata(user_model: object) -> dict[str, Any] | None:
    """Return the metadata document; None, with a line in the log, if it is invalid."""
    predictor = embedded_predictor(
        user_model,
        identity(),
        metadata_override=os.environ.get("MODEL_METADATA", ""),
        type_hints=False,
    )
    try:
        return predictor.metadata()
    except SeldonError:
        logger.exception("the metadata of %s are invalid", type(user_model).__name__)
        return None


def handle_raw_custom_metrics(msg: Any, seldon_metrics: SeldonMetrics, is_proto: bool, method: str) -> None:
    """Count the metrics of a raw answer; remove them if INCLUDE_METRICS_IN_CLIENT_RESPONSE is false.

    Args:
        msg: the answer, a message or a dict.
        seldon_metrics: counts the metrics.
        is_proto: accepted for compatibility.
        method: the label ``method``, such as ``predict``.

    Raises:
        SeldonMicroserviceException: a metric is invalid.
    """
    if isinstance(msg, Message):
        metrics = MessageToDict(msg, always_print_fields_with_no_presence=True)
        seldon_metrics.update(metrics.get("meta", {}).get("metrics", []), method)
        if not shows_metrics() and msg.HasField("meta"):
            msg.meta.ClearField("metrics")  # type: ignore[attr-defined]
    elif isinstance(msg, Mapping) and isinstance(msg.get("meta"), dict):
        seldon_metrics.update(msg["meta"].get("metrics", []), method)
        if not shows_metrics():
            msg["meta"].pop("metrics", None)


def _with_own_branch(request: Feedback, unit: str, own: str) -> Feedback:
    """Return a copy in which the branch of ``unit`` is the component's own."""
    copied = Feedback.FromString(request.SerializeToString())
    routing = copied.response.meta.routing
    routing.pop(own, None)
    if unit in routing:
        routing[own] = routing[unit]
    return copied
