"""Results of user code that are not finished: coroutines, generators and other awaitables."""

from __future__ import annotations

import asyncio
import inspect
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

import numpy as np

from seldon_runtime.component.calls.items import AsyncItems, Finish, GeneratorItems
from seldon_runtime.component.calls.wrapped import checked_headers, within
from seldon_runtime.component.signature import name_of
from seldon_runtime.component.user_api import Response
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, SeldonNotImplementedError
from seldon_runtime.inference.message import Message
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.tracebacks import hide_frames

UNFINISHED = frozenset({CoroutineType, GeneratorType, AsyncGeneratorType})
"""The types of the results of functions whose body has not run."""
_FINISHED = frozenset({np.ndarray, dict, list, tuple, str, bytes, int, float, bool})
"""The types of most results, which need no look at their methods."""

STREAMED = frozenset({Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT, Method.AGGREGATE})
"""The methods that may be generators."""


class Unfinished(SeldonError):
    """The error of packing an awaitable, such as a future, or a generator; who can finish it catches it.

    Args:
        result: the awaitable or generator.
        message: the message, if the result cannot be awaited.
    """

    def __init__(self, result: object, message: str | None = None) -> None:
        super().__init__(
            message
            or f"the component returned {type(result).__name__}, which must be awaited, expected the result "
            "itself",
            code=ErrorCode.COMPONENT_FAILED,
        )
        self.result: Any = result


def is_unfinished(result: object) -> bool:
    """Return whether a result is a coroutine, a generator or another awaitable."""
    kind = type(result)
    return kind not in _FINISHED and (kind in UNFINISHED or isinstance(result, Awaitable))


def is_answered_later(result: object) -> bool:
    """Return whether a result is unfinished, alone or in a ``Response``."""
    return is_unfinished(result.data if type(result) is Response else result)


def is_async(function: object) -> bool:
    """Return whether a function is a coroutine function, perhaps behind wrappers (``functools.wraps``)."""
    return any(inspect.iscoroutinefunction(form) for form in _forms(function))


def needs_loop(function: object) -> bool:
    """Return whether a function is a coroutine function or an async generator function."""
    return is_async(function) or any(inspect.isasyncgenfunction(form) for form in _forms(function))


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
    raise _refused(name_of(function), result)


def _refused(name: str, result: Any) -> SeldonError:
    if not isinstance(result, AsyncGeneratorType):
        result.close()  # else Python warns that nobody awaited it
    return SeldonError(
        f"{name} returned a {type(result).__name__.replace('_', ' ')}, expected the result itself",
        code=ErrorCode.COMPONENT_FAILED,
    )


def answer_of(
    unfinished: Any, method: Method, finish: Finish, absent: Callable[[], Any] = lambda: None
) -> Stream | Awaitable[Message | Stream]:
    """Return the answer of a generator, which is a stream, or of an awaitable.

    Args:
        unfinished: the generator or awaitable that the method returned, alone or in a ``Response``.
        method: the method.
        finish: makes the answer of the result, or of an item.
        absent: returns the result for a method that raises SeldonNotImplementedError; None if there is none.

    Raises:
        SeldonError: COMPONENT_FAILED for a generator of a method that has one answer.
    """
    headers = None
    if isinstance(unfinished, Response):
        headers = unfinished.headers and checked_headers(unfinished.headers)
        unfinished, finish = unfinished.data, within(unfinished, finish)
    if isinstance(unfinished, GeneratorType | AsyncGeneratorType):
        if method not in STREAMED:
            raise _refused(method.value, unfinished)
        kind = GeneratorItems if isinstance(unfinished, GeneratorType) else AsyncItems
        stream = kind(unfinished, finish)  # type: ignore[arg-type]  # one of the two
        stream.headers = headers
        return stream
    return _finish_later(unfinished, method, finish, absent)


async def _finish_later(
    unfinished: Awaitable[Any], method: Method, finish: Finish, absent: Callable[[], Any]
) -> Message | Stream:
    try:
        result = await await_user(unfinished)
    except SeldonNotImplementedError:
        result = absent()
        if result is None:
            raise
    if is_answered_later(result):
        answer = answer_of(result, method, finish)
        return await answer if isinstance(answer, Awaitable) else answer
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
