"""Streams of answers over HTTP: the forms of their items, and the choice of a form by ``Accept``."""

from __future__ import annotations

from abc import ABC, abstractmethod

_JSON = "application/json"


class StreamForm(ABC):
    """The form of the items of a stream in the body of a response. Used on the event loop's thread."""

    media_type: str
    """The media type of the response."""
    first_has_status: bool = False
    """True to begin the response with the first item, so that an error in place of it has its own status."""

    @abstractmethod
    def item(self, number: int, body: bytes) -> bytes:
        """Return the text of an item.

        Args:
            number: 1 for the first item.
            body: the bytes of the codec's wire form, such as a JSON object.
        """

    @abstractmethod
    def error(self, body: bytes) -> bytes:
        """Return the text of the error that ended the stream, with the body of the error's response."""

    def end(self) -> bytes:
        """Return the text after the last item; empty by default."""
        return b""


class Events(StreamForm):
    """Server-sent events (WHATWG HTML, section 9.2): ``id`` and ``data`` for an item, then ``end``."""

    media_type = "text/event-stream"

    def item(self, number: int, body: bytes) -> bytes:
        """Return an event with the item's number as its id."""
        return b"id: %d\ndata: %b\n\n" % (number, _line(body))

    def error(self, body: bytes) -> bytes:
        """Return an event ``error``."""
        return b"event: error\ndata: %b\n\n" % _line(body)

    def end(self) -> bytes:
        """Return an event ``end``, after which a client need not connect again."""
        return b"event: end\ndata: {}\n\n"


class Lines(StreamForm):
    """A JSON text for each line, the error in the last one."""

    media_type = "application/x-ndjson"

    def item(self, number: int, body: bytes) -> bytes:
        """Return a line."""
        return b"%b\n" % body.rstrip(b"\n")

    def error(self, body: bytes) -> bytes:
        """Return a line."""
        return self.item(0, body)


_FORMS: dict[str, StreamForm] = {form.media_type: form for form in (Events(), Lines())}


def form_of(accept: bytes) -> StreamForm | None:
    """Return the form that a client asks for by the value of ``Accept``; None for a single answer.

    A client has to name a form, and must not prefer JSON by a higher weight (RFC 9110, section 12.5.1).
    """
    accept = accept.lower()
    if b"event-stream" not in accept and b"ndjson" not in accept:  # nearly every request
        return None
    weights: dict[str, float] = {}
    for part in accept.decode("latin-1").split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        weights[name] = min(map(_weight, parameters), default=1.0)
    best = max(_FORMS, key=lambda name: weights.get(name, 0.0))
    weight = weights.get(best, 0.0)
    return _FORMS[best] if weight > 0 and weight >= weights.get(_JSON, 0.0) else None


def _line(body: bytes) -> bytes:
    """Return a body as the value of one event field: each of its lines has a ``data`` of its own."""
    return body.rstrip(b"\n").replace(b"\n", b"\ndata: ")


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
