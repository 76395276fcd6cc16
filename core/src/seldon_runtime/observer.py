"""What observers are told: every finished call, and changes in the life of the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from seldon_runtime.call import Call
from seldon_runtime.errors import SeldonError
from seldon_runtime.message import Method, Metric


@dataclass(slots=True, eq=False)
class CallRecord:
    """A finished call. ``error`` is None when it succeeded; times are in seconds.

    One object for all observers, so not to be altered. Not frozen: that takes four times as long to make.
    """

    method: Method
    transport: str
    error: SeldonError | None
    waited_s: float
    ran_s: float
    request_bytes: int
    response_bytes: int
    """Without what the transport adds, such as headers; 0 for a failed call, and when it is not known."""
    metrics: Sequence[Metric]
    reward: float | None
    status: int | str = "OK"
    """What the client is told, in the transport's own terms (see :class:`seldon_runtime.codec.Outcome`)."""
    request_id: str | None = None
    target: str = ""
    client: tuple[str, int] | str | None = None


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """An attempt to save the component's state, or to find that it has not changed."""

    error: str | None
    """Why the newest state is not kept; None when it is."""
    blob_bytes: int
    """What was written, after compression; 0 when nothing was."""
    paused_s: float
    """How long it took until the snapshot was made: calls before it, then pickling, while calls wait."""
    wrote_s: float
    """How long the store took."""


class Observer(Protocol):
    """Told what happened; cannot alter it. What it raises is logged and goes no further."""

    def call_finished(self, record: CallRecord) -> None:
        """Before the answer is handed to the transport: what a client knows of, observers know too. Runs on
        the component's thread, or on the transport's for a call that never got there: be quick, for the
        client waits, and thread-safe."""

    def life_changed(self, state: str) -> None:
        """``loaded``, ``ready``, ``draining``, ``stopped``. Runs on the main thread."""


class StateObserver(Protocol):
    """What an observer may have besides, to be told of saves."""

    def state_saved(self, record: SaveRecord) -> None:
        """After every attempt to save state. Runs on the thread that saves."""


class Interceptor(Protocol):
    """Stands between transports and the component: may alter, answer or refuse a call."""

    def intercept(self, call: Call, proceed: Any) -> Any:
        """Return the wire answer: ``proceed(call)``'s, or an own one. Runs on the component's thread.

        Raises:
            SeldonError: refuses the call with this error.
        """
