"""Results of user code that are not finished: coroutines, generators and other awaitables."""

from __future__ import annotations

import asyncio
import inspect
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from seldon_runtime.component.signature import name_of
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, SeldonNotImplementedError
from seldon_runtime.inference.message import Message
from seldon_runtime.tracebacks import hide_frames

UNFINISHED = frozenset({CoroutineType, GeneratorType, AsyncGeneratorType})
"""The types of the results of functions whose body has not run."""


Finish = Callable[[Any], Message]
"""Function that makes the answer of a method's result."""


class Unfinished(SeldonError):
    """The error of packing an awaitable, such as a future; who can await it catches the error.

    Args:
        result: the awaitable.
    """

    def __init__(self, result: object) -> None:
        super().__init__(
            f"the component returned {type(result).__name__}, which must be awaited, expected the result "
            "itself",
            code=ErrorCode.COMPONENT_FAILED,
        )
        self.result: Any = result


def is_unfinished(result: object) -> bool:
    """Return whether a result is a coroutine, a generator or another awaitable."""
    return type(result) in UNFINISHED or isinstance(result, Awaitable)


def is_async(function: object) -> bool:
    """Return whether a function is a coroutine function, perhaps behind wrappers (``functools.wraps``)."""
    return any(inspect.iscoroutinefunction(form) for form in _forms(function))


def is_generator(function: object) -> bool:
    """Return whether a function is a generator function, async or not, perhaps behind wrappers."""
    return any(
        inspect.isgeneratorfunction(form) or inspect.isasyncgenfunction(form) for form in _forms(function)
    )


def _forms(function: Any) -> list[Any]:
    """Return a function, the wrapped function, and their ``__call__`` if they are objects."""
    wrapped = inspect.unwrap(function)
    return [function, wrapped, type(function).__call__, type(wrapped).__call__]


async def await_user(unfinished: Awaitable[Any]) -> Any:
    """Await user code and return its result. Cancelling the task cancels it.

    Raises:
        SeldonError: raised by user code; ComponentFailed for every other exception.
    """
    try:
        return await unfinished
    except (SeldonError, CancelledError, GeneratorExit):
        raise
    except BaseException as error:
        raise ComponentFailed(name_of(unfinished), hide_frames(error)) from error


def refuse_unfinished(function: Callable[..., Any], result: Any) -> Any:
    """Return the result of a method that must return it at once.

    Raises:
        SeldonError: COMPONENT_FAILED; the result is a coroutine or a generator.
    """
    if type(result) not in UNFINISHED:
        return result
    if not isinstance(result, AsyncGeneratorType):
        result.close()  # else Python warns that nobody awaited it
    raise SeldonError(
        f"{name_of(function)} returned a {type(result).__name__.replace('_', ' ')}, "
        "expected the result itself",
        code=ErrorCode.COMPONENT_FAILED,
    )


async def finish_later(
    unfinished: Awaitable[Any], finish: Finish, absent: Callable[[], Any] = lambda: None
) -> Message:
    """Await the result of an async method and return its answer.

    Args:
        unfinished: the awaitable that the method returned.
        finish: makes the answer of the result.
        absent: returns the result for a method that raises SeldonNotImplementedError; None if there is none.

    Raises:
        SeldonError: raised by user code; ComponentFailed for every other exception.
    """
    try:
        result = await await_user(unfinished)
    except SeldonNotImplementedError:
        result = absent()
        if result is None:
            raise
    return finish(result)


def run_to_end(unfinished: Awaitable[Any]) -> Any:
    """Return the result of an awaitable, run by the event loop of this thread. Blocks.

    Raises:
        SeldonError: raised by user code; ComponentFailed for every other exception.
    """
    return thread_loop().run_until_complete(await_user(unfinished))


def thread_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of this thread; a new one for a thread without."""
    try:
        return asyncio.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        return loop
