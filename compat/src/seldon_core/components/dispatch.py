"""Whole requests, JSON or protobuf, to a user's object on the calling thread."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NoReturn

from google.protobuf.message import Message

from seldon_core.env_utils import identity, shows_metrics
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.metrics import SeldonMetrics
from seldon_runtime import SeldonNotImplementedError
from seldon_runtime.plugin import (
    EMPTY_REQUESTS,
    Call,
    ComponentFailed,
    ErrorCode,
    Feedback,
    Limits,
    Method,
    RawCodec,
    Request,
    SeldonError,
    embedded_predictor,
)
from seldon_runtime.plugin import Message as NeutralMessage
from seldon_runtime.protocols.v1.codec import JsonCodec, plain_dumps

_NAME = "seldon_core"
_STATUSES = {ErrorCode.COMPONENT_FAILED: 500, ErrorCode.BAD_METRIC: 500, ErrorCode.NOT_IMPLEMENTED: 501}


class ValueCodec(JsonCodec):
    """A codec whose answers are JSON values. The answer of a raw method stays as it is."""

    def __init__(self) -> None:
        super().__init__(Limits(), name="rest")

    def to_wire(self, value: Any) -> Any:
        """Return the value made of plain dicts, lists, texts and numbers."""
        return json.loads(plain_dumps(value))

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        """Return the answer as it is."""
        return answer


def answer(user: object, method: Method, request: Any, metrics: SeldonMetrics | None) -> Any:
    """Return the answer to a request: a message to a message, else a JSON value.

    Args:
        user: the user's object.
        method: the method to call.
        request: a message of ``prediction_pb2``, or JSON as dicts and lists; None for health.
        metrics: counts the custom metrics and the reward.

    Raises:
        SeldonMicroserviceException: the request is invalid, or the result has an unsupported type.
        SeldonNotImplementedError: the object lacks ``route`` or ``aggregate``.
        Exception: the exception of user code.
    """
    is_message = isinstance(request, Message)
    wire = request.SerializeToString() if is_message else request
    call = Call(method, wire, _message_codec() if is_message else _VALUES, _NAME)
    try:
        answered = _run(user, call)
    except ComponentFailed as error:
        if isinstance(error.__cause__, Exception):
            raise error.__cause__ from None
        _raise_known(error)
    except SeldonError as error:
        _raise_known(error)
    finally:
        if metrics is not None:
            metrics.count(method, call.metrics)
            if call.reward:
                metrics.update_reward(call.reward)
    return answered


_VALUES = ValueCodec()


@cache
def _message_codec() -> RawCodec:
    from seldon_core.components.message_codec import MessageCodec  # grpc takes time to import

    return MessageCodec()


def _run(user: object, call: Call) -> Any:
    predictor = embedded_predictor(user, identity(), show_metrics=shows_metrics(), type_hints=False)
    codec: Any = call.codec

    def proceed(request: Request) -> Any:
        if isinstance(request, Feedback):
            call.reward = request.reward
        message = predictor.answer(call.method, request)
        assert isinstance(message, NeutralMessage)  # a user's object answers no stream
        call.metrics = message.metrics
        return codec.write(call.method, message)

    on_the_wire = predictor.wire_methods(codec).get(call.method)
    if on_the_wire is not None:
        return on_the_wire(call, proceed)
    return proceed(None if call.method in EMPTY_REQUESTS else codec.read(call.method, call.wire))


def _raise_known(error: SeldonError) -> NoReturn:
    """Raise an error of the runtime as the exception of the package."""
    if isinstance(error, SeldonMicroserviceException | SeldonNotImplementedError):
        raise error
    if error.code is ErrorCode.NOT_IMPLEMENTED and error.status_code is None:
        raise SeldonNotImplementedError(error.message) from error
    status = error.status_code or _STATUSES.get(error.code, 400)
    raise SeldonMicroserviceException(error.message, status, reason=error.reason) from error
