"""Interceptors: plugins around every call, in phases, on neutral messages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seldon_runtime.errors import PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Feedback, Message, Meta, Payload, Request
from seldon_runtime.inference.owners import place_of
from seldon_runtime.response_headers import valid_headers

logger = logging.getLogger(__name__)

_REQUESTS = (Message, Feedback, list)


@dataclass(slots=True, eq=False)
class Answer:
    """An answer of an interceptor, in place of the component's."""

    message: Message


class Interceptor:
    """A plugin's object around every call, which may refuse, alter or answer it. Override what you need.

    The phases of a call: ``admit`` before the queue, ``before`` and ``after`` around the component, and
    ``finished`` at its end. The interceptor that the configuration names first is the outermost: its
    ``admit`` and ``before`` come first, its ``after`` comes last.

    An exception other than SeldonError is logged, and its call is answered with COMPONENT_FAILED.
    """

    def start(self) -> None:
        """Open connections and start threads. Main thread, after the load, before transports start.

        Raises:
            StartupError: a resource is missing; the process does not start.
        """

    def stop(self, grace_s: float) -> None:
        """Release all resources within ``grace_s`` seconds. Thread of its own, after the last call."""

    def admit(self, call: Call) -> None:
        """Admit a call, or refuse it before it enters the queue. Runs on the transport's thread.

        The request is not decoded yet: use ``call.headers``, ``call.target``, ``call.client``. Metadata and
        health calls pass it, too. Must not block, because the transport serves other clients.

        Raises:
            SeldonError: the client receives this error, such as UNAUTHENTICATED or RATE_LIMITED.
        """

    def before(self, call: Call, request: Request) -> Request | Answer:
        """Return the request for the component, altered or not, or an ``Answer`` in its place.

        Runs on the component's thread. Not called for HEALTH_STATUS and METADATA, which carry no payload,
        nor for a class that handles the wire format itself (``predict_raw``).

        Raises:
            SeldonError: the client receives this error.
        """
        return request

    def after(self, call: Call, answer: Message) -> Message:
        """Return the answer for the client, altered or not. Runs on the component's thread.

        Not called after this interceptor's ``before`` returned an ``Answer``. For a stream, the runtime calls
        :meth:`after_item` in its place.

        Raises:
            SeldonError: the client receives this error.
        """
        return answer

    def after_item(self, call: Call, item: Message) -> Message:
        """Return one item of a stream for the client; by default as :meth:`after` leaves it.

        Runs on the component's thread, for each item.

        Raises:
            SeldonError: the stream ends with this error.
        """
        return self.after(call, item)

    def finished(self, call: Call, error: SeldonError | None) -> None:
        """Release the resources of ``admit``. Called exactly once for each call that it admitted.

        Runs on the component's thread; on the transport's for a call that the queue refused, for METADATA
        and for HEALTH_STATUS that runs no user code.
        """


class Interceptors:
    """The interceptors of a service, the outermost first.

    Args:
        interceptors: in the order of the configuration.
    """

    def __init__(self, interceptors: Sequence[Interceptor] = ()) -> None:
        self._all = tuple(interceptors)
        self._admitting = [
            (place, interceptor)
            for place, interceptor in enumerate(self._all)
            if type(interceptor).admit is not Interceptor.admit
        ]
        self._finishing = [
            (place, interceptor)
            for place, interceptor in enumerate(self._all)
            if type(interceptor).finished is not Interceptor.finished
        ]
        self.around = tuple(
            interceptor
            for interceptor in self._all
            if type(interceptor).before is not Interceptor.before
            or type(interceptor).after is not Interceptor.after
            or type(interceptor).after_item is not Interceptor.after_item
        )
        """The interceptors that override ``before``, ``after`` or ``after_item``."""

    def admit(self, call: Call) -> None:
        """Run each interceptor's ``admit``.

        Raises:
            SeldonError: an interceptor refused the call, or failed.
        """
        for place, interceptor in self._admitting:
            call.admitted = place
            try:
                interceptor.admit(call)
                if call.response_headers is not None:
                    _check_headers(call)
            except SeldonError:
                raise
            except BaseException as error:
                raise PluginFailed(place_of(interceptor, "admit"), error) from error
        call.admitted = len(self._all)

    def finished(self, call: Call, error: SeldonError | None) -> None:
        """Notify the interceptors that admitted the call of its end."""
        for place, interceptor in self._finishing:
            if place < call.admitted:
                try:
                    interceptor.finished(call, error)
                except BaseException:  # the client still waits for its answer
                    logger.exception("%s failed", place_of(interceptor, "finished"))


def before(interceptor: Interceptor, call: Call, request: Request) -> Request | Answer:
    """Run one interceptor's ``before`` and check its result.

    Raises:
        SeldonError: from the interceptor; PluginFailed for any other exception or an invalid result.
    """
    try:
        result = interceptor.before(call, request)
        if not isinstance(result, _REQUESTS) and not isinstance(result, Answer):
            raise TypeError(f"returned {type(result).__name__}, expected the request or an Answer")
        message = result.message if isinstance(result, Answer) else result
        if isinstance(message, Message) or isinstance(result, Answer):
            _check(message)
        if call.response_headers is not None:
            _check_headers(call)
        return result
    except SeldonError:
        raise
    except BaseException as error:
        raise PluginFailed(place_of(interceptor, "before"), error) from error


def after(interceptor: Interceptor, call: Call, answer: Message) -> Message:
    """Run one interceptor's ``after`` and check its result.

    Raises:
        SeldonError: from the interceptor; PluginFailed for any other exception or an invalid result.
    """
    return _checked(interceptor, "after", interceptor.after, call, answer)


def after_item(interceptor: Interceptor, call: Call, item: Message) -> Message:
    """Run one interceptor's ``after_item`` and check its result.

    Raises:
        SeldonError: from the interceptor; PluginFailed for any other exception or an invalid result.
    """
    return _checked(interceptor, "after_item", interceptor.after_item, call, item)


def _checked(
    interceptor: Interceptor,
    phase: str,
    function: Callable[[Call, Message], Message],
    call: Call,
    answer: Message,
) -> Message:
    try:
        result = function(call, answer)
        if not isinstance(result, Message):
            raise TypeError(f"returned {type(result).__name__}, expected a Message")
        _check(result)
        if call.response_headers is not None:
            _check_headers(call)
        return result
    except SeldonError:
        raise
    except BaseException as error:
        raise PluginFailed(place_of(interceptor, phase), error) from error


def _check(message: object) -> None:
    """Raise TypeError for a message that no codec could write, so that its interceptor gets the blame."""
    if not isinstance(message, Message):
        raise TypeError(f"returned an Answer of {type(message).__name__}, expected one of a Message")
    if not isinstance(message.payload, Payload):
        raise TypeError(f"returned a payload of {type(message.payload).__name__}, expected a Payload")
    if not isinstance(message.meta, Meta):
        raise TypeError(f"returned a meta of {type(message.meta).__name__}, expected a Meta")
    tags = message.meta.tags
    if type(tags) is not dict and not isinstance(tags, Mapping):
        raise TypeError(f"returned tags of {type(tags).__name__}, expected a dict")


def _check_headers(call: Call) -> None:
    """Check the response headers that an interceptor may have set; drop all if one is not valid."""
    headers, call.response_headers = call.response_headers, None
    call.response_headers = valid_headers(headers, "call.response_headers")
