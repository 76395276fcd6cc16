"""Deadlines of calls."""

from __future__ import annotations

import logging
import time
from functools import partial

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method

logger = logging.getLogger(__name__)


def bring_forward(call: Call, timeout_s: float) -> None:
    """Set the call's deadline to ``timeout_s`` from now, unless it is earlier already."""
    limit = time.monotonic() + timeout_s
    call.deadline = limit if call.deadline is None else min(call.deadline, limit)


def remaining_s(call: Call) -> float | None:
    """Return the seconds until the call's deadline, 0 or more; None when it has none."""
    return None if call.deadline is None else max(0.0, call.deadline - time.monotonic())


def has_passed(call: Call) -> bool:
    """Return whether the call's deadline has passed."""
    return call.deadline is not None and time.monotonic() >= call.deadline


def deadline_exceeded(call: Call) -> SeldonError:
    """Return the error for a call, waiting or running, whose deadline has passed.

    Generates the call's request id: the client receives the error before the call ends in the log.
    """
    call.identify()
    late = "health_status" if call.method is Method.HEALTH_STATUS else "the call"
    place = waited_for(call)
    reason = f"it was waiting for {place}" if place else "the component is busy, or it hangs"
    return SeldonError(f"{late} was not answered within its time: {reason}", code=ErrorCode.DEADLINE_EXCEEDED)


def waited_for(call: Call) -> str:
    """Return the components that a call is waiting for, for messages; an empty text if nobody knows."""
    tell = call.waits_for
    try:
        return "" if tell is None else tell()
    except Exception:  # a plugin's; the client must have its answer
        logger.exception("the place of a call that is too late is not known, request %s", call.identify())
        return ""


def forget_place(call: Call) -> None:
    """Have a call that has ended drop its references to the components that it waited for.

    If its deadline has passed, the text about the components stays, as the timers' thread may still read it.
    """
    call.waits_for = partial(str, waited_for(call)) if has_passed(call) else None
