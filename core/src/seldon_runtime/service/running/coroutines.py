"""Awaiting on behalf of a call: a cancelled or late call cancels its coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from typing import Any

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.service.done import refusal


async def awaited_for(call: Call | None, awaitable: Awaitable[Any]) -> Any:
    """Await a part of a call. The current task is cancelled when the call is, or when its deadline passes.

    Args:
        call: the call; None for a batch, which nobody cancels.
        awaitable: not awaited yet.

    Raises:
        SeldonError: CANCELLED or DEADLINE_EXCEEDED for an interrupted call; UNAVAILABLE when the process
            stops; ComponentFailed when user code cancelled itself.
    """
    task = asyncio.current_task()
    assert task is not None
    if call is None:
        return await awaitable
    interruption = partial(_cancel_soon, asyncio.get_running_loop(), task)
    call.interruptions = (*call.interruptions, interruption)
    try:
        if call.cancelled:
            task.cancel()
        return await awaitable
    except asyncio.CancelledError as error:
        refused = refusal(call) or failure_of_cancelled(call, error)
        raise refused from (error if isinstance(refused, ComponentFailed) else None)
    finally:
        call.interruptions = tuple(other for other in call.interruptions if other is not interruption)


def failure_of_cancelled(call: Call, error: asyncio.CancelledError) -> SeldonError:
    """Return the error of a call whose coroutine was cancelled in the current task, but not by the call."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        return SeldonError("the process stopped before the call ended", code=ErrorCode.UNAVAILABLE)
    return ComponentFailed(call.method.value, error)


def _cancel_soon(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    """Cancel a task from any thread."""
    with suppress(RuntimeError):  # the loop has ended, and the task with it
        loop.call_soon_threadsafe(task.cancel)
