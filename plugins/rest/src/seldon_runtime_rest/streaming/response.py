"""Responses whose body is a stream of answers."""

from __future__ import annotations

from collections.abc import Callable

from seldon_runtime.plugin import OpenStream, SeldonError
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.streaming.body import First, ResponseStream
from seldon_runtime_rest.streaming.forms import StreamForm

_UNBUFFERED = (("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"))
"""Headers by which caches and proxies pass each item on at once."""


def stream_response(
    answer: OpenStream,
    request: HttpRequest,
    error_body: Callable[[SeldonError], bytes],
    first: First = None,
) -> HttpResponse:
    """Return the response for a component's stream.

    Args:
        answer: the stream.
        request: the request, whose route has set ``stream_form``.
        error_body: returns the body of an error's response.
        first: the first item, if it has been pulled already.

    Raises:
        TypeError: the route has not set the form.
    """
    form, call = request.stream_form, request.made
    if form is None or call is None:
        raise TypeError("a route's call accepts streams, but its request has no stream_form")
    codec = call.codec

    def item_body(item: object) -> bytes:
        return item.body if isinstance(item, HttpResponse) else codec.body(item)

    stream = ResponseStream(answer, form, item_body, error_body, first)
    return HttpResponse(200, b"", form.media_type, _UNBUFFERED, stream)


def as_stream(response: HttpResponse, form: StreamForm) -> HttpResponse:
    """Return a component's only answer as a stream of one item; a response of another status as it is."""
    if response.status != 200:
        return response
    body = form.item(1, response.body) + form.end()
    return HttpResponse(200, body, form.media_type, response.headers + _UNBUFFERED)
