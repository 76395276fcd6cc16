"""The hook of the plugin, and its routes on the REST port."""

from __future__ import annotations

from collections.abc import Sequence

from seldon_runtime.plugin import Call, Codec, Kind, Message, Method, Payload, SeldonError, hookimpl
from seldon_runtime_rest.extension import HttpRequest, HttpResponse, HttpRoute


class TextCodec(Codec):
    """Plain text in both directions. Runs on the component's thread."""

    name = "my-name.text"
    media_type = "text/plain; charset=utf-8"

    def read(self, method: Method, wire: bytes) -> Message:
        """Return the request for the component. Raise SeldonError for a fault of the client."""
        try:
            return Message(Payload(Kind.STR, wire.decode()))
        except UnicodeDecodeError as error:
            raise SeldonError(f"the body must be UTF-8 text: {error}") from error

    def write(self, method: Method, answer: Message) -> bytes:
        """Return the body of the response."""
        value = None if answer.payload is None else answer.payload.value
        return f"{value}\n".encode()


_CODEC = TextCodec()


def predict(request: HttpRequest) -> Call:
    """Return the call that answers the request. Runs on the event loop's thread: never block."""
    return request.call(Method.PREDICT, _CODEC, request.body)


def version(request: HttpRequest) -> HttpResponse:
    """Return a response that needs no component."""
    return HttpResponse(200, b'{"version": "0.1.0"}')


@hookimpl(optionalhook=True)
def seldon_http_routes() -> Sequence[HttpRoute]:
    """Return the routes; called once, after the load."""
    return [
        HttpRoute(("POST",), "/my-name/predict", predict, summary="Have the component answer a text"),
        HttpRoute(("GET",), "/my-name/version", version, summary="The version of my-name"),
    ]
