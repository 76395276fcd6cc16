"""An HTTP request, independent of the server that received it, and the call that it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from seldon_runtime.plugin import Call, Codec, HeldMemory, Method, Origin, SeldonError, request_id_from
from seldon_runtime_rest.deadline_headers import deadline_from
from seldon_runtime_rest.response import HttpResponse, status_of
from seldon_runtime_rest.streaming.forms import StreamForm

TRANSPORT = "rest"


class Headers(Mapping[str, str]):
    """Header values by lower-case name, decoded (ISO 8859-1) when a plugin reads them.

    Commas join the values of a header that occurs several times, as RFC 9110, section 5.3, allows; semicolons
    those of Cookie. :meth:`get_all` returns each value.

    Args:
        lines: lower-case names and values, in the client's order.
    """

    __slots__ = ("lines", "raw")

    def __init__(self, lines: list[tuple[bytes, bytes]]) -> None:
        self.lines = lines
        self.raw: dict[bytes, bytes] = dict(lines)

    def __getitem__(self, name: str) -> str:
        last = self.raw[name.encode("latin-1", "replace")].decode("latin-1")
        if len(self.lines) == len(self.raw):
            return last
        return ("; " if name == "cookie" else ", ").join(self.get_all(name))

    def get(self, name: str, default: Any = None) -> Any:
        """Return the values of a header; ``default`` if the request has no such header."""
        return self[name] if name.encode("latin-1", "replace") in self.raw else default

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def get_all(self, name: str) -> list[str]:
        """Return all values of the header of this lower-case name, in the client's order."""
        wanted = name.encode("latin-1", "replace")
        return [value.decode("latin-1") for found, value in self.lines if found == wanted]


class HttpCall(Call):
    """A call that arrived by HTTP: its status is an HTTP status, whatever codec it has."""

    __slots__ = ()

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
        """Return the HTTP status of an answer or an error, and the bytes of the answer."""
        if type(self.codec).outcome is not Codec.outcome:
            return self.codec.outcome(answer, error)
        if error is not None:
            return status_of(error), 0
        if isinstance(answer, HttpResponse):
            return answer.status, len(answer.body)
        return 200, 0 if answer is None else len(self.codec.body(answer))  # None after a stream


@dataclass(slots=True, eq=False)
class HttpRequest(Origin):
    """One HTTP request. Its ``body`` is complete when a route's ``begin`` receives the request."""

    scheme: ClassVar[str] = "http"
    """The scheme of the URL: ``https`` when the request arrived over TLS."""
    verb: str
    """The HTTP method, such as ``POST``. A route's ``begin`` sees ``HEAD`` as ``HEAD``, not as ``GET``."""
    path: str
    """The path of the URL, percent-decoded, without the query."""
    query: str
    """The query of the URL, after the question mark, not decoded. It may be empty."""
    headers: Headers
    client: tuple[str, int] | None
    """The client's host and port; None when unknown."""
    body: bytes = b""
    """The complete body; empty for a route that does not read bodies."""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """The values of the names in the route's path template, percent-decoded."""
    made: Call | None = None
    """The call that :meth:`call` returned; None before that."""
    memory: HeldMemory | None = None
    """The memory that the body takes of the service's budget; None for a small body."""
    stream_form: StreamForm | None = None
    """The form of a stream of answers. A route's ``begin`` sets it, and the call's ``accepts_stream``, for a
    client that takes one."""
    _deadline: float | None = None
    _cancelled: bool = False

    @property
    def request_id(self) -> str | None:
        """The client's ``X-Request-Id``; None without a valid one."""
        given = self.headers.raw.get(b"x-request-id")
        return request_id_from(given.decode("latin-1")) if given else None

    def call(self, method: Method, codec: Codec, wire: Any = None) -> Call:
        """Return a call with the id, headers, deadline, size, path and client of this request.

        Args:
            method: the component's method to call.
            codec: reads ``wire`` and writes the answer, on the component's thread.
            wire: the object that the codec reads, usually ``self.body``.
        """
        raw = self.headers.raw
        call = self.made = HttpCall(  # by position: keywords take three times as long
            method,
            wire,
            codec,
            TRANSPORT,
            self.request_id if b"x-request-id" in raw else None,
            self.headers,
            self.deadline(),
            len(self.body),
            self.path,
            self.client,
        )
        call.origin = self
        call.memory = self.memory
        if self._cancelled:
            call.cancel()
        return call

    def unpack(self, body: bytes) -> None:
        """Set the decompressed body, and remove the header with its coding."""
        self.body = body
        self.headers = Headers([line for line in self.headers.lines if line[0] != b"content-encoding"])

    def deadline(self) -> float | None:
        """Return when the client stops waiting, on the clock of ``time.monotonic``; None for no limit.

        The time counts from the first call of this method.
        """
        if self._deadline is None:
            self._deadline = deadline_from(self.headers.raw, self.headers.lines)
        return self._deadline

    def client_address(self) -> tuple[str, int] | None:
        """Return host and port of the peer."""
        return self.client

    def cancel(self) -> None:
        """Cancel the call of a client that disconnected, now or when it is made.

        A running plain method goes on; the coroutine of an async method is cancelled.
        """
        self._cancelled = True
        if self.made is not None:
            self.made.cancel()


def header_lines(items: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return text headers in the form that :class:`Headers` takes."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in items]


class HttpsRequest(HttpRequest):
    """An HTTP request that arrived over TLS."""

    __slots__ = ()

    scheme = "https"


def request_type(scheme: str) -> type[HttpRequest]:
    """Return the class of requests whose URL has this scheme."""
    return HttpsRequest if scheme == "https" else HttpRequest


def request_id_of(request: HttpRequest) -> str | None:
    """Return the request id as in the log: the client's, or the id generated for the call."""
    return request.made.request_id if request.made is not None else request.request_id
