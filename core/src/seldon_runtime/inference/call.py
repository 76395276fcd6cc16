"""One call on its way through the runtime."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.codec import Codec
from seldon_runtime.inference.identity import Identity
from seldon_runtime.inference.memory import HeldMemory
from seldon_runtime.inference.message import Metric
from seldon_runtime.inference.method import Method

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


class Origin:
    """The transport's own form of a request, for code that runs in its call."""

    __slots__ = ()

    def client_address(self) -> tuple[str, int] | str | None:
        """Return the client's host and port, or the transport's own form of them. Any thread."""
        return None


@dataclass(slots=True, eq=False)
class Outcome:
    """The end of a call. ``error`` is None when it succeeded; times are in seconds.

    The observers share the object and must not alter it. Creating a frozen one would take four times as long.
    """

    error: SeldonError | None
    status: int | str
    """The client's status in the transport's own terms (:meth:`seldon_runtime.plugin.Codec.outcome`)."""
    waited_s: float
    """Seconds from the submission to the start; for a call that never started, to its end."""
    ran_s: float
    response_bytes: int
    """The size without the transport's additions, such as headers; 0 for a failed call, or when unknown."""
    unit: str | None = None
    """The name of the component in its graph (PREDICTIVE_UNIT_ID)."""


@dataclass(slots=True, eq=False)
class Call:
    """One call: a method, a wire object, and the codec that knows its format.

    A transport creates it in one place and passes it to :meth:`seldon_runtime.plugin.Service.submit`. The
    transport may call :meth:`cancel` at any time from any thread: a call that has not started by then never
    runs, the coroutine of an async method is cancelled, and a stream is closed.
    """

    method: Method
    wire: Any
    codec: Codec
    transport: str
    """Name of the transport, for logs and metrics."""
    request_id: str | None = None
    """The client's request id; generated when something must be logged about a call without one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """HTTP headers or gRPC metadata, with lower-case names. For interceptors and observers. The values of a
    repeated name are joined by ``", "``; binary values are base64."""
    deadline: float | None = None
    """The client's deadline, on the clock of ``time.monotonic``. The service shortens it to its own limit.
    When it passes, the client receives DEADLINE_EXCEEDED: a waiting call never runs, and the answer of a
    running call is dropped."""
    request_bytes: int = 0
    target: str = ""
    """The address of the request: an HTTP path, or an RPC's full name. For logs."""
    client: tuple[str, int] | str | None = None
    """The client's host and port, or the transport's own form of them. None for a transport without clients'
    addresses. A transport to which the look-up is costly does it when the field is first read."""
    accepts_stream: bool = False
    """True if the transport can send a stream of answers."""
    cancelled: bool = False
    started: bool = False
    """True once the component's thread has taken the call. Set by the service."""

    submitted: float = 0.0
    """The time at which the service received the call (``time.perf_counter``). Set by the service."""
    admitted: int = 0
    """The number of interceptors that have admitted the call, from the outermost. Set by the service."""
    metrics: Sequence[Metric] = ()
    """Custom metrics of the component. Set while the call runs."""
    unit_metrics: Sequence[tuple[Identity, Method, Sequence[Metric]]] = ()
    """Custom metrics of further components that the call asked, such as the nodes of a graph."""
    reward: float | None = None
    """The reward of a feedback, also when the component then fails. Set while the call runs."""
    response_headers: dict[str, str] | None = None
    """Headers of the response: HTTP headers, or gRPC trailing metadata. Interceptors may set them."""
    origin: Origin | None = None
    """The transport's own form of the request. The transport sets it, and the service clears it when the call
    ends, so that request and call do not keep each other in memory."""
    memory: HeldMemory | None = None
    """The memory that the request takes of ``Service.memory``. A transport that counts bodies while they
    arrive sets it; otherwise the service does."""
    on_end: Callable[[Call, Outcome], None] | None = None
    """Receives the end of this call as :meth:`seldon_runtime.plugin.Observer.call_finished` does, after the
    observers. For a protocol that counts its own calls: others pay nothing for it."""

    waits_for: Callable[[], str] | None = None
    """Returns the components that the call is waiting for, such as ``the node 'a'``; an empty text if nobody
    knows. The error of a deadline that has passed names them, and that of a stream's item that cannot be
    written. A service of several components sets it. When the call ends, the runtime clears it, or keeps the
    text alone of a call that is late. Any thread calls it; it must not block."""

    interruptions: tuple[Callable[[], None], ...] = ()
    """The functions that cancel the coroutines and close the stream of the call. Set by the service."""

    def cancel(self) -> None:
        """Cancel the call, because its client disconnected. Any thread; never blocks; idempotent."""
        self.cancelled = True
        for interruption in self.interruptions:
            interruption()

    @property
    def can_end(self) -> bool:
        """True while :meth:`cancel` ends the call: it waits, runs a coroutine, or has a stream."""
        return not self.started or bool(self.interruptions)

    def interrupt(self) -> None:
        """End the coroutines and the stream of the call: nobody waits for their result. Any thread."""
        for interruption in self.interruptions:
            interruption()

    def identify(self) -> str:
        """Return the request id, generated now when the client sent none."""
        if self.request_id is None:
            self.request_id = secrets.token_hex(8)
        return self.request_id

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
        """Return the status in the transport's own terms and the bytes of the answer, for observers.

        By default the codec names them. A transport that takes any codec overrides it in a subclass.
        """
        return self.codec.outcome(answer, error)


def request_id_from(text: str | None) -> str | None:
    """Return a client's request id if it is 1 to 128 printable ASCII characters without spaces, else None."""
    return text if text is not None and _REQUEST_ID.fullmatch(text) else None


RUNNING: ContextVar[Call | None] = ContextVar("running", default=None)
"""The call whose code is running. The service sets it in the context of each call."""


def running_call() -> Call | None:
    """Return the call whose code is running; None outside of calls, and while a batch runs."""
    return RUNNING.get()


def request_id() -> str | None:
    """Return the request id of the running call, as the log and the client's error show it.

    The runtime generates it when the client sent none. Outside of calls, and in threads that user code
    started, it is None; ``contextvars.copy_context().run`` carries a call's context into such a thread.
    """
    call = RUNNING.get()
    return call.identify() if call is not None else None
