"""One call on its way through the runtime."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from seldon_runtime.codec import Codec
from seldon_runtime.message import Method, Metric

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(slots=True, eq=False)
class Call:
    """What a transport hands over: a method, a wire object, and the codec that knows it.

    The transport may set ``cancelled`` at any time from any thread; a call that has
    not started by then is never run.
    """

    method: Method
    wire: Any
    codec: Codec
    transport: str
    """Name of the transport, for logs and metrics."""
    request_id: str | None = None
    """From the client; made up when something must be logged about a call without one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names; what a transport has of them (HTTP headers, gRPC metadata). For interceptors."""
    deadline: float | None = None
    """On the clock of ``time.monotonic``. A call that has not started by then is never run, and the answer of
    one that is still running then is dropped: the client is told DEADLINE_EXCEEDED. The service brings it
    forward to its own limit."""
    request_bytes: int = 0
    target: str = ""
    """What the client asked for: a path, or an RPC's full name. For logs."""
    client: tuple[str, int] | str | None = None
    """Where it asked from: host and port, or what the transport has instead. For logs: a transport for which
    asking takes long may leave it out unless ``access_log`` is set."""
    cancelled: bool = False

    submitted: float = 0.0
    """When the service took it (``time.perf_counter``). Set by the service."""
    metrics: Sequence[Metric] = ()
    """Custom metrics of the component. Set while the call runs."""
    reward: float | None = None
    """Of a feedback, also when the component then fails. Set while the call runs."""

    def identify(self) -> str:
        """The request id; made up now when the client gave none."""
        if self.request_id is None:
            self.request_id = secrets.token_hex(8)
        return self.request_id


def request_id_from(text: str | None) -> str | None:
    """A client's request id, if it is 1 to 128 printable ASCII characters without spaces; else None: the
    runtime makes one up when it needs one."""
    return text if text is not None and _REQUEST_ID.fullmatch(text) else None


RUNNING: ContextVar[Call | None] = ContextVar("running", default=None)
"""The call that the component is at. Set by the service."""


def request_id() -> str | None:
    """The request id of the call that this code runs for, as the log and the client's error have it; made up
    when the client gave none. None outside of calls, and in threads that user code started: they get a
    call's context by ``contextvars.copy_context().run``."""
    call = RUNNING.get()
    return call.identify() if call is not None else None
