"""The path from a request to its response, the same for each server: routes, limits, calls and errors."""

from __future__ import annotations

import logging
from functools import partial
from urllib.parse import unquote

from seldon_runtime.plugin import UNCOUNTED_BYTES, Call, Done, OpenStream, SeldonError, Service
from seldon_runtime_rest.compression.requests import PACKED, InThread, Unpacked, checked, coding_of, unpacked
from seldon_runtime_rest.compression.responses import Packed, Packing
from seldon_runtime_rest.cors import CrossOrigin
from seldon_runtime_rest.request import Headers, HttpRequest, request_id_of, request_type
from seldon_runtime_rest.response import HttpResponse, error_response, fault
from seldon_runtime_rest.route import HttpRoute, RouteTable
from seldon_runtime_rest.streaming.body import First
from seldon_runtime_rest.streaming.response import as_stream, stream_response
from seldon_runtime_rest.targets import merged_slashes, parts_of

logger = logging.getLogger(__name__)

_LARGE_BYTES = 4096
_MOST_DIGITS = 20
"""A Content-Length below 2 to the power of 64 has at most this many digits; servers refuse a larger one."""
Client = tuple[str, int] | None


class Exchange:
    """One request and, while it is handled, its route and its body. Used on the event loop's thread only."""

    __slots__ = ("_parts", "_size", "early", "is_packed", "opened", "request", "route")

    def __init__(self, request: HttpRequest, route: HttpRoute | None, early: HttpResponse | None) -> None:
        self.request = request
        self.route = route
        self.early = early
        """A response that does not depend on the body; the server then skips the body. Otherwise None."""
        self.is_packed = False
        """True while the body is compressed."""
        self.opened: OpenStream | None = None
        """The stream whose first item is awaited, and decides about the status."""
        self._parts: list[bytes | bytearray] = []
        self._size = 0

    def add(self, part: bytes, application: Application) -> None:
        """Add a part of the body. When the body takes too much memory, set ``early`` and drop the body."""
        if self.early is not None:
            return
        self._size += len(part)
        if self._size > application.uncounted_bytes:
            self.early = application.refuse_body(self, self._size)
        if self.early is not None:
            self.drop_body()
        elif not self._parts or len(part) >= _LARGE_BYTES:
            self._parts.append(part)
        elif isinstance(last := self._parts[-1], bytearray):
            # One object for each part would cost 40 times the size of a part of one byte.
            last += part
        else:
            self._parts.append(bytearray(part))

    def drop_body(self) -> None:
        """Release the memory of the body: no code will read it."""
        self._parts = []
        self.request.memory = None

    def close_body(self) -> None:
        """Set the request's ``body``, which is whole now."""
        parts = self._parts
        if parts:
            self.request.body = bytes(parts[0]) if len(parts) == 1 else b"".join(parts)
            self._parts = []


class Application:
    """The routes of one service. All errors become responses here.

    Args:
        service: answers the calls.
        table: all routes.
        in_thread: unpacks compressed bodies.
        cross_origin: adds the headers of cross-origin responses; None adds no headers.
        scheme: the scheme of its URLs: ``http`` or ``https``.
        packing: compresses responses; None compresses none.
    """

    def __init__(
        self,
        service: Service,
        table: RouteTable,
        in_thread: InThread,
        cross_origin: CrossOrigin | None = None,
        scheme: str = "http",
        packing: Packing | None = None,
    ) -> None:
        self.service = service
        self._in_thread = in_thread
        limits = service.limits
        self.max_body_bytes = min(limits.max_body_bytes, limits.max_request_memory)
        self._fewest_digits = len(str(self.max_body_bytes))
        """A Content-Length of fewer digits is smaller than the limit."""
        self.uncounted_bytes = min(self.max_body_bytes, UNCOUNTED_BYTES)
        self.table = table
        self._cross_origin = cross_origin
        self._packing = packing
        self._request = request_type(scheme)
        self._exact = {
            (verb.encode("ascii"), path.encode("ascii")): (verb, path, route)
            for verb, path, route in table.literal_routes()
            if path.isascii() and "%" not in path
        }

    def open(self, verb: bytes, target: bytes, headers: Headers, client: Client) -> Exchange:
        """Return the exchange of a request whose headers are complete.

        Args:
            verb: the HTTP method.
            target: the target in the request line (RFC 9112, section 3.2).
            headers: all headers of the request.
            client: the client's host and port; None when unknown.

        Raises:
            ValueError: the target has no path.
        """
        found = self._exact.get((verb, target))
        if found is not None:  # nearly every request
            name, path, route = found
            request = self._request(name, path, "", headers, client)
            return self._exchange(request, route)
        raw_path, query = parts_of(target)
        raw_path = merged_slashes(raw_path)
        request = self._request(verb.decode("ascii"), unquote(raw_path), query, headers, client)
        return self.exchange(request, raw_path)

    def exchange(self, request: HttpRequest, raw_path: str) -> Exchange:
        """Return the exchange of a request, with an early response when no route fits the request."""
        try:
            found = self.table.find(request.verb, request.path, raw_path)
        except SeldonError as error:
            return Exchange(request, None, self._error(request, None, error))
        if isinstance(found, HttpResponse):
            return Exchange(request, None, found)
        route, request.path_parameters = found
        return self._exchange(request, route)

    def _exchange(self, request: HttpRequest, route: HttpRoute) -> Exchange:
        if not route.reads_body:
            return Exchange(request, route, None)
        exchange = Exchange(request, route, self._refusal(request, route))
        if b"content-encoding" in request.headers.raw:
            exchange.is_packed = coding_of(request.headers["content-encoding"]) in PACKED
        return exchange

    def begin(self, exchange: Exchange, done: Done) -> HttpResponse | None:
        """Run the route of an exchange whose body is whole. Does not wait for the component.

        Returns:
            The response, or None. Then ``done`` receives the outcome, on any thread and maybe immediately:
            an answer or error for :meth:`finish`, or an Unpacked for :meth:`resume`.
        """
        route, request = exchange.route, exchange.request
        if exchange.early is not None or route is None:
            return self.finish(exchange, exchange.early, None, done)
        try:
            if exchange.is_packed and request.body:
                self._in_thread(partial(self._unpack, request), done)
                return None
            result = route.begin(request)
            if isinstance(result, Call):
                self.service.submit(result, done)
            elif isinstance(result, HttpResponse):
                return self.finish(exchange, result, None, done)
            else:
                result.start(done)
        except SeldonError as error:
            return self.finish(exchange, None, error, done)
        except BaseException:
            logger.exception("%s %s failed in the REST transport", request.verb, request.path)
            return self.finish(exchange, None, fault(), done)
        return None

    def resume(self, exchange: Exchange, unpacked: Unpacked, done: Done) -> HttpResponse | None:
        """Begin an exchange whose body is unpacked; see :meth:`begin`."""
        exchange.is_packed = False
        exchange.request.unpack(unpacked.body)
        return self.begin(exchange, done)

    def _unpack(self, request: HttpRequest, done: Done) -> None:
        content = unpacked(
            request.body, partial(self._take_body, request), coding_of(request.headers["content-encoding"])
        )
        done(Unpacked(content), None)

    def finish(
        self, exchange: Exchange, answer: object, error: SeldonError | None, done: Done
    ) -> HttpResponse | None:
        """Return the complete, valid response for an answer or an error. Never raises.

        Returns:
            The response. Or None while a thread compresses it, or the first item of a stream is awaited: then
            ``done`` receives what to call this method with again.
        """
        if type(answer) is Packed:
            return answer.response
        request = exchange.request
        call = request.made
        opened, exchange.opened = exchange.opened, None
        try:
            if error is not None:
                response = self._error(request, exchange.route, error)
            elif opened is not None:
                response = self._streamed(exchange, opened, (answer,))
            elif isinstance(answer, HttpResponse):
                response = answer
                if request.stream_form is not None:
                    response = as_stream(response, request.stream_form)
            elif isinstance(answer, OpenStream):
                opened = answer
                if request.stream_form is not None and request.stream_form.first_has_status:
                    exchange.opened = opened
                    opened.pull(done)
                    return None
                response = self._streamed(exchange, opened, None)
            elif call is not None:
                response = HttpResponse(200, call.codec.body(answer), call.codec.media_type)
            else:
                raise TypeError(
                    f"a route returned {type(answer).__name__}, expected a Call or an HttpResponse"
                )
            if call is not None and call.response_headers:
                response = response.with_headers(call.response_headers.items())
            if self._cross_origin is not None:
                response = self._cross_origin.added_to(response, request)
            response.check()
            return response if self._packing is None else self._packing.packed(response, request, done)
        except BaseException:
            name = call.method.value if call is not None else f"{request.verb} {request.path}"
            logger.exception("%s failed in the REST transport", name)
            if opened is not None:
                opened.close()
            return error_response(fault(), request_id_of(request))

    def _streamed(self, exchange: Exchange, stream: OpenStream, first: First) -> HttpResponse:
        request, route = exchange.request, exchange.route
        return stream_response(stream, request, lambda error: self._error(request, route, error).body, first)

    def refuse_body(self, exchange: Exchange, size: int) -> HttpResponse | None:
        """Take the memory for a body of at least ``size`` bytes.

        Returns:
            None, or the response that refuses the body.
        """
        try:
            self._take_body(exchange.request, size)
        except SeldonError as error:
            return self._error(exchange.request, exchange.route, error)
        return None

    def _take_body(self, request: HttpRequest, size: int) -> None:
        """Have the request hold the memory of a body of ``size`` bytes."""
        self._check_size(size)
        held = request.memory
        if held is not None:
            held.grow_body(max(0, size - held.size))
        elif size > self.uncounted_bytes:
            request.memory = self.service.memory.for_body(size)

    def _check_size(self, size: int) -> None:
        self.service.limits.check_body(size)
        self.service.limits.check_memory(size)

    def _refusal(self, request: HttpRequest, route: HttpRoute) -> HttpResponse | None:
        """Return the error response to headers that announce a too large or a compressed body; else None."""
        raw = request.headers.raw
        announced = raw.get(b"content-length", b"")
        try:
            digits = len(announced)
            if self._fewest_digits <= digits < _MOST_DIGITS and announced.isdigit():
                self._check_size(int(announced))
            if b"content-encoding" in raw:
                checked(coding_of(request.headers["content-encoding"]))
        except SeldonError as error:
            return self._error(request, route, error)
        return None

    def _error(self, request: HttpRequest, route: HttpRoute | None, error: SeldonError) -> HttpResponse:
        make = self.table.errors_at(request.path) if route is None else route.error_response
        if make is None:
            return error_response(error, request_id_of(request))
        try:
            response = make(error, request)
            return response.with_headers(error.headers.items()) if error.headers else response
        except BaseException:
            logger.exception("the error response of %s %s failed", request.verb, request.path)
            return error_response(fault(), request_id_of(request))
