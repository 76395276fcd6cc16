"""The steps of a call through several components: what a plugin's generator yields."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.message import Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.composed.unit_stream import UnitStream
from seldon_runtime.service.unit import Unit


@dataclass(slots=True, eq=False)
class Ask:
    """A step: one component answers one request. ``yield`` it from :meth:`ComposedService.steps`."""

    unit: Unit
    method: Method
    request: Request
    call: Callable[[], Any] | None = None
    """Answers in place of the component's predictor, on its thread. It may also return a Payload, or an
    answer that the steps have got from the predictor themselves and that is unfinished."""


Steps = Generator[Any, Any, "Message | Stream"]
"""The steps of a call: a generator that yields an :class:`Ask`, or a list of Asks and generators, and returns
the answer."""


def checked(ask: Ask, answer: object) -> Message | Payload | Stream:
    """Return the answer to a step; raise TypeError for anything else. A stream keeps its component."""
    if isinstance(answer, Stream):
        return UnitStream(answer, ask.unit, ask.method)
    if isinstance(answer, Message) or (ask.call is not None and isinstance(answer, Payload)):
        return answer
    raise TypeError(f"returned {type(answer).__name__}, expected a Message or a Stream")


def next_step(steps: Steps, given: Any = None, error: SeldonError | None = None) -> Ask | list[Any]:
    """Return the next step of a plugin's generator, after it has received an answer or an error.

    Raises:
        StopIteration: the steps have ended; its value is the answer.
        Exception: whatever the steps raise.
    """
    step = steps.send(given) if error is None else steps.throw(error)
    if type(step) is Ask:
        return step
    while (fault := _fault_of(step)) is not None:
        step = steps.throw(fault)
    return step if isinstance(step, Ask) else [_steps_of(branch) for branch in step]


def place_of(ask: Ask) -> str:
    """Return the class and the method of a step, for messages."""
    return f"{ask.unit.class_name}.{ask.method.value}"


def _steps_of(branch: Any) -> Steps:
    return _single(branch) if isinstance(branch, Ask) else branch


def _single(ask: Ask) -> Steps:
    answer: Message | Stream = yield ask
    return answer


def _fault_of(step: object) -> TypeError | None:
    """Return the exception for something that is not a step, or None."""
    if isinstance(step, Ask):
        return None
    if isinstance(step, list | tuple) and all(isinstance(part, Ask | Generator) for part in step):
        return None
    return TypeError(f"yielded {type(step).__name__}, expected an Ask, or a list of Asks and generators")
