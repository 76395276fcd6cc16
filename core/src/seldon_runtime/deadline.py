"""The time by which a call has to be answered."""

from __future__ import annotations

import time

from seldon_runtime.call import Call
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import Method


def bring_forward(call: Call, timeout_s: float) -> None:
    """Give the call ``timeout_s`` from now on, unless its deadline is earlier."""
    limit = time.monotonic() + timeout_s
    call.deadline = limit if call.deadline is None else min(call.deadline, limit)


def remaining_s(call: Call) -> float | None:
    """Seconds until the call's deadline, 0 or more; None when it has none."""
    return None if call.deadline is None else max(0.0, call.deadline - time.monotonic())


def has_passed(call: Call) -> bool:
    """Whether it is too late for an answer."""
    return call.deadline is not None and time.monotonic() >= call.deadline


def too_late(call: Call) -> SeldonError:
    """The answer to a call whose deadline has passed; the same whether it waits, runs, or has just ended.

    The call gets a request id: its client is answered before the call is over and may be logged.
    """
    call.identify()
    asked = "health_status" if call.method is Method.HEALTH_STATUS else "the call"
    return SeldonError(
        f"{asked} was not answered within its time: the component is busy, or it hangs",
        code=ErrorCode.DEADLINE_EXCEEDED,
    )
