"""The items of a generator of user code as a stream of answers."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

from seldon_runtime.component.signature import name_of
from seldon_runtime.errors import ComponentFailed, SeldonError
from seldon_runtime.inference.message import Message
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.tracebacks import hide_frames

Finish = Callable[[Any], Message]
"""Function that makes the answer of a method's result."""


class GeneratorItems(Stream):
    """The items of a generator. Runs on the component's thread.

    Args:
        generator: the generator that user code made.
        finish: makes the answer of an item.
    """

    def __init__(self, generator: Generator[Any, Any, Any], finish: Finish) -> None:
        self._generator = generator
        self._finish = finish

    def next(self) -> Message | None:
        """Run the generator to its next ``yield``."""
        try:
            item = next(self._generator)
        except StopIteration:
            return None
        except SeldonError:
            raise
        except BaseException as error:
            raise ComponentFailed(name_of(self._generator), hide_frames(error)) from error
        return self._finish(item)

    def close(self) -> None:
        """Run the generator's ``finally``."""
        try:
            self._generator.close()
        except BaseException as error:
            raise ComponentFailed(name_of(self._generator), hide_frames(error)) from error


class AsyncItems(Stream):
    """The items of an async generator. Runs on the event loop of the component's thread.

    Args:
        generator: the generator that user code made.
        finish: makes the answer of an item.
    """

    def __init__(self, generator: AsyncGenerator[Any, Any], finish: Finish) -> None:
        self._generator = generator
        self._finish = finish
        self._is_over = False
        self._ahead: list[Any] = []
        """The item that followed an interruption."""

    async def next(self) -> Message | None:
        """Run the generator to its next ``yield``."""
        if self._ahead:
            return self._finish(self._ahead.pop())
        try:
            item = await anext(self._generator)
        except StopAsyncIteration:
            self._is_over = True
            return None
        except (SeldonError, CancelledError, GeneratorExit):
            self._is_over = True
            raise
        except BaseException as error:
            self._is_over = True
            raise ComponentFailed(name_of(self._generator), hide_frames(error)) from error
        return self._finish(item)

    async def interrupt(self, error: BaseException) -> None:
        """Raise an error at the ``yield`` where the generator stands."""
        try:
            self._ahead.append(await self._generator.athrow(error))
        except StopAsyncIteration:
            return  # as the next call will find
        except (SeldonError, CancelledError, GeneratorExit):
            self._is_over = True
            raise
        except BaseException as raised:
            self._is_over = True
            raise ComponentFailed(name_of(self._generator), hide_frames(raised)) from raised

    def close(self) -> Awaitable[None] | None:
        """Run the generator's ``finally``, unless the generator has ended."""
        return None if self._is_over else self._close()

    async def _close(self) -> None:
        self._is_over = True
        try:
            await self._generator.aclose()
        except BaseExceptionGroup as errors:
            if errors.split(GeneratorExit)[1] is not None:  # a TaskGroup raises a group for the mere end
                raise ComponentFailed(name_of(self._generator), hide_frames(errors)) from errors
        except BaseException as error:
            raise ComponentFailed(name_of(self._generator), hide_frames(error)) from error
