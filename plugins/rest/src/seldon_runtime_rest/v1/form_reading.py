"""The reading of requests that are not plain JSON, on the caller's thread or on a request thread."""

from __future__ import annotations

from functools import partial

from seldon_runtime.plugin import UNCOUNTED_BYTES, Call, Done, Method, Service
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.route import Deferred


class ReadInline:
    """Reads a request on the caller's thread, which is Flask's.

    Args:
        service: the service whose limits count.
        passthrough: the methods that take a body of any content type.
    """

    def __init__(self, service: Service, passthrough: frozenset[Method]) -> None:
        self._service = service
        self._passthrough = passthrough

    def __call__(self, request: HttpRequest, call: Call) -> Call:
        """Return the call with its wire object.

        Raises:
            SeldonError: the request holds no message, or reading it would take too much memory.
        """
        from seldon_runtime_rest.v1.forms import wire_of  # Werkzeug is slow to import

        taken = len(request.body)

        def take(size: int) -> None:
            nonlocal taken
            taken += size
            service.limits.check_memory(taken)
            if request.memory is not None:
                request.memory.grow(size)
            elif size > UNCOUNTED_BYTES:
                request.memory = service.memory.for_reading(size)

        service = self._service
        passthrough = call.method in self._passthrough
        max_nesting = service.limits.max_nesting
        call.wire = wire_of(request, max_nesting=max_nesting, passthrough=passthrough, take=take)
        call.memory = request.memory
        return call


class ReadInThreads:
    """Reads a request on another thread, which then submits the call. No thread waits for the answer.

    Args:
        service: answers the calls.
        threads: the threads that read the requests.
        passthrough: the methods that take a body of any content type.
    """

    def __init__(self, service: Service, threads: RequestThreads, passthrough: frozenset[Method]) -> None:
        self._service = service
        self._threads = threads
        self._read = ReadInline(service, passthrough)

    def __call__(self, request: HttpRequest, call: Call) -> Deferred:
        """Return a Deferred whose start reads the request on a thread and submits the call."""
        return Deferred(partial(self._threads.run, partial(self._submit, request, call)))

    def _submit(self, request: HttpRequest, call: Call, done: Done) -> None:
        self._service.submit(self._read(request, call), done)
