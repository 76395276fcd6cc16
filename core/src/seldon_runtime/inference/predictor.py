"""The predictor: the object that answers the calls of a service, such as the adapter of a user's class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import Codec
from seldon_runtime.inference.message import (
    DATA_KINDS,
    NO_META,
    TENSOR,
    Feedback,
    Kind,
    Message,
    Meta,
    Payload,
    Request,
)
from seldon_runtime.inference.method import Method

Predict = Callable[[Method, Request], "Message | Stream"]
"""Function that answers one request of one method by the predictor. Blocks, also for an async method."""
Proceed = Callable[[Request], Any]
"""Function that answers a decoded request by the plain methods, with interceptors, on the wire."""
WireMethod = Callable[[Call, Proceed], Any]
"""Function that answers a call in its wire format. It receives the call and a function for the plain methods,
and returns the wire answer."""


class HasMeta(Protocol):
    """Something with the meta of a request, such as the request itself."""

    @property
    def meta(self) -> Meta:
        """The meta of the request."""


ArrayCall = Callable[[Any, "Sequence[Any] | None", Kind, Any, HasMeta], Any]
"""Function that calls a method with an array of float64: the array, its names, the kind of the request, the
meta in the client's form, and the request, whose meta is read only if it is needed.

It returns the payload of the answer, if the answer has no metrics and headers, and no meta but the request's
with the component's request path; otherwise what :meth:`Predictor.answer` returns."""


class Stream(ABC):
    """A sequence of answers, pulled one item at a time.

    Each item is a job of its own in the service's queue, on the component's thread. Other calls run between
    items, so a slow client does not hold up the component.
    """

    headers: Mapping[str, str] | None = None
    """Headers of the response, which precede the first item."""

    @abstractmethod
    def next(self) -> Message | Awaitable[Message | None] | None:
        """Return the next item, or None at the end; or an awaitable of it. Blocks while user code makes it.

        Raises:
            SeldonError: the stream ends with this error.
        """

    def interrupt(self, error: BaseException) -> Awaitable[None] | None:
        """Raise an error where the stream stands, between two items, or return an awaitable that does.

        The runtime calls it when the task of an async stream was cancelled there by user code, such as by a
        timeout around several items. :meth:`next` goes on if the stream handles the error.

        Raises:
            BaseException: the stream ends with it. By default it is ``error``.
        """
        raise error

    def close(self) -> Awaitable[None] | None:
        """Release the resources, or return an awaitable that does.

        Called once: at the end, after an error, or when the client disconnected.
        """
        return None


class Predictor(ABC):
    """The object that answers calls. All methods run on the component's thread, but for fixed health.

    The runtime makes an adapter for the user's class. A plugin returns its own predictor from the hook
    ``seldon_predictor``, such as for a model file or a model on another machine.
    """

    takes_arrays: bool = False
    """True if :meth:`predict` takes payloads of kind ARRAYS, and answers them in kind."""

    is_async: bool = False
    """True if the component's thread is to run an event loop from the load on: a method is a coroutine."""

    unbatched: frozenset[Method] = frozenset()
    """The methods whose calls never share a batch, whatever a batcher says."""

    streamed: frozenset[Method] = frozenset()
    """The methods that are known to answer with a stream, for descriptions. Others may do so, too."""

    @property
    @abstractmethod
    def methods(self) -> frozenset[Method]:
        """The methods that :meth:`predict` answers. :meth:`answer` handles the others."""

    @property
    def health_is_fixed(self) -> bool:
        """True if HEALTH_STATUS runs no code of the model, and so need not wait for its thread."""
        return Method.HEALTH_STATUS not in self.methods

    @property
    def has_infer(self) -> bool:
        """True if the arrays of such a payload reach the model by their names, with text as ``bytes``."""
        return False

    def load(self) -> None:  # noqa: B027 - most have nothing to load
        """Do the slow work of the start. Called once, before the first call.

        Raises:
            SeldonError: loading failed; the process does not start.
        """

    @abstractmethod
    def predict(self, method: Method, request: Request) -> Message | Stream | Awaitable[Message | Stream]:
        """Return the answer, or a stream of answers; or an awaitable of either, such as a coroutine.

        Blocks meanwhile, but for an awaitable, which the event loop of the component's thread awaits while
        other calls go on. It is cancelled when the client disconnects or the deadline passes.

        It receives only calls of the methods in :attr:`methods`. The request of HEALTH_STATUS is None.

        Raises:
            SeldonError: the client receives this error; ComponentFailed stands for an exception of user code.
        """

    def answer(self, method: Method, request: Request) -> Message | Stream | Awaitable[Message | Stream]:
        """Return the answer to a call of any method. The runtime calls it; it calls :meth:`predict`.

        For a method that the predictor does not define, it answers as the protocol prescribes for a class:
        HEALTH_STATUS with "healthy", SEND_FEEDBACK with an empty array. When :attr:`health_is_fixed`,
        HEALTH_STATUS runs on the transport's thread. Blocks meanwhile.

        Raises:
            SeldonError: as of :meth:`predict`; NOT_IMPLEMENTED for every other undefined method.
        """
        if method in self.methods:
            return self.predict(method, request)
        if method is Method.HEALTH_STATUS:
            return Message(Payload(Kind.STR, "healthy"))
        if method is Method.SEND_FEEDBACK and isinstance(request, Feedback):
            meta = request.request.meta if request.request is not None else NO_META
            return Message(Payload(_array_kind(request.request), np.array([])), meta)
        raise SeldonError(
            f"{type(self).__name__} has no method {method.value}", code=ErrorCode.NOT_IMPLEMENTED
        )

    def array_call(self, method: Method) -> ArrayCall | None:
        """Return a function that answers a method in few steps; None without one.

        For callers that make many calls with arrays, such as a graph. Ask for it after :meth:`metadata`.
        """
        return None

    def wire_methods(self, codec: Codec) -> Mapping[Method, WireMethod]:
        """Return the methods that handle this codec's wire format themselves. Called once for each codec."""
        return {}

    def metadata(self) -> dict[str, Any]:
        """Return the metadata document. Called once, after :meth:`load`.

        Raises:
            SeldonError: BAD_METADATA; the process serves without a document.
        """
        return {}

    def close(self) -> None:  # noqa: B027 - most have nothing to release
        """Release the predictor's resources. Called once, after the last call."""


def _array_kind(request: Message | None) -> Kind:
    """Return the kind of an answered array: that of the request, as far as it has one."""
    payload = request.payload if request is not None else None
    return payload.kind if payload is not None and payload.kind in DATA_KINDS else TENSOR
