"""The strand of a call: it takes the steps, each on the thread of the component that it asks."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import running_call
from seldon_runtime.inference.message import Message, Payload
from seldon_runtime.inference.owners import failed
from seldon_runtime.service.composed.steps import Ask, Steps, checked, next_step, place_of
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.running.coroutines import awaited_for

_Outcome = tuple[Any, SeldonError | None]
_FINISHED = frozenset({Message, Payload})


@dataclass(slots=True, eq=False)
class Resumption:
    """A strand that can go on, on any thread, with the answer or the error that its steps receive.

    A strand that ends returns this in place of a call, so that nesting of any depth needs no deeper stack.
    """

    strand: Strand
    given: Any = None
    error: SeldonError | None = None
    may_stay: bool = True
    """True to ask a component of the current thread at once, without its queue."""

    def take(self) -> _Outcome:
        """Return the answer and the error, and forget them: the error's traceback leads here."""
        outcome = self.given, self.error
        self.given = self.error = None
        return outcome


Ended = Callable[[Any, SeldonError | None], Resumption | None]
Step = Ask | list[Any] | Resumption
"""A step, or a strand that waited for the end of this one."""


class Strand:
    """Steps that follow one another, resumed on the thread of the component that answered last.

    A list of steps makes a strand of each, with a copy of the context, and waits for all of them.

    Args:
        name: the place of the steps, for messages.
        steps: the plugin's generator.
        context: the context in which the steps and the components run. It must not be entered.
        refusal: returns the error of a call that must not go on, else None.
        ended: receives the result, or the error, in the context; returns the strand that goes on with it.
    """

    __slots__ = ("_context", "_ended", "_name", "_refusal", "_step", "_steps")

    def __init__(
        self,
        name: str,
        steps: Steps,
        context: Context,
        refusal: Callable[[], SeldonError | None],
        ended: Ended,
    ) -> None:
        self._name = name
        self._steps = steps
        self._context = context
        self._refusal = refusal
        self._ended = ended
        self._step: Step | None = None
        """The step that needs another thread, between :meth:`start` and :meth:`leave`."""

    def start(self, step: Step) -> bool:
        """Take the steps that this thread can take, in the context, which is entered; False at their end.

        Args:
            step: the first one, which ``steps`` have yielded already.
        """
        self._step = self._advance(step, None)
        return self._step is not None

    def leave(self) -> None:
        """Pass the step that follows :meth:`start` on to its threads. The context must not be entered."""
        self._leave(self._step)

    def proceed(self, given: Any = None, error: SeldonError | None = None, *, may_stay: bool = True) -> None:
        """Run the steps on with an answer or an error, until they wait for another thread. Must not raise.

        Args:
            given: the answer, or the answers, of the step before.
            error: its error, which the steps see as an exception.
            may_stay: True to ask a component of the current thread at once, without its queue.
        """
        step = self._context.run(self._go_on if may_stay else self._resume, given, error)
        error = None  # its traceback refers to this frame: only the garbage collector would free the call
        self._leave(step)

    def go_on(self, ask: Ask, answer: Any, error: SeldonError | None) -> None:
        """Run the steps on with the answer of a component, or its error, that came by another way."""
        self.proceed(None if error is not None else checked(ask, answer), error)

    def _perform(self) -> None:
        """Ask the component of the step, on its thread, and go on with its answer."""
        step = self._step
        assert isinstance(step, Ask)
        self._leave(self._context.run(self._advance, step, step.unit.executor))

    def _leave(self, step: Step | None) -> None:
        """Pass a step on to the threads that it needs; None when the steps have ended.

        Branches begin, and strands that waited for others go on, in this loop and not inside one another.
        """
        if isinstance(step, Ask):  # most steps
            step = self._submitted(step)
        if step is None:
            return
        waiting: list[tuple[Strand, Step | None]] = [(self, step)]
        while waiting:
            strand, step = waiting.pop()
            if isinstance(step, Ask):
                step = strand._submitted(step)
            if isinstance(step, list):
                waiting += [(each.strand, each) for each in reversed(strand._fork(step))]
            elif isinstance(step, Resumption):
                strand = step.strand
                advance = strand._go_on if step.may_stay else strand._resume
                waiting.append((strand, strand._context.run(advance, *step.take())))

    def _submitted(self, step: Ask) -> Step | None:
        """Queue a step; return the following one if the component's thread has ended."""
        self._step = step
        try:
            step.unit.executor.submit_further(self._perform)
        except SeldonError as refused:
            return self._context.run(self._go_on, None, refused)
        return None

    def _go_on(self, given: Any, error: SeldonError | None) -> Step | None:
        step = self._resume(given, error)
        error = None  # see proceed
        return self._advance(step, None)

    def _advance(self, step: Step | None, current: Executor | None) -> Step | None:
        """Take the steps that this thread can take; return the first that needs others.

        None at the end, or when the answer of an async method is awaited. ``current`` is the executor of this
        thread; None if it is not known.
        """
        while type(step) is Ask:
            executor = step.unit.executor
            if executor is not current and (current is not None or not executor.is_current):
                return step
            given, error = self._answer(step)
            if error is None and type(given) not in _FINISHED and isinstance(given, Awaitable):
                executor.spawn(self._await(step, given))
                return None
            step = self._resume(given, error)
            given = error = None  # see proceed
        return step

    def _resume(self, given: Any, error: SeldonError | None) -> Step | None:
        """Return the next step; when the steps have ended the strand that waited for it, or None."""
        try:
            return next_step(self._steps, given, error)
        except StopIteration as end:
            return self._ended(end.value, None)
        except SeldonError as raised:
            return self._ended(None, raised)
        except BaseException as raised:  # noqa: BLE001 - the steps are a plugin's
            return self._ended(None, failed(raised, self._name))
        finally:
            error = None  # see proceed

    async def _await(self, ask: Ask, unfinished: Awaitable[Any]) -> None:
        """Await the answer of an async method, and go on with it."""
        outcome: _Outcome
        try:
            outcome = checked(ask, await awaited_for(running_call(), unfinished)), None
        except SeldonError as raised:
            outcome = None, raised
        except BaseException as raised:  # noqa: BLE001 - predictors are plugins
            outcome = None, failed(raised, place_of(ask))
        self.proceed(*outcome)

    def _answer(self, ask: Ask) -> _Outcome:
        error = self._refusal()
        if error is not None:
            return None, error
        try:
            call = ask.call
            answer = ask.unit.predictor.answer(ask.method, ask.request) if call is None else call()
            if type(answer) is Message or (call is not None and type(answer) is Payload):
                return answer, None  # nearly always, without a look for what is unfinished
            return (answer if isinstance(answer, Awaitable) else checked(ask, answer)), None
        except SeldonError as raised:
            return None, raised
        except BaseException as raised:  # noqa: BLE001 - predictors are plugins
            return None, failed(raised, place_of(ask))

    def _fork(self, branches: list[Steps]) -> list[Resumption]:
        """Return the strands of the branches, none of which has begun."""
        if not branches:
            return [Resumption(self, [])]
        join = _Join(len(branches), self)
        # several leave this thread, so that all components work at the same time
        may_stay = len(branches) == 1
        return [
            Resumption(self._branch(steps, partial(join.ended, place)), may_stay=may_stay)
            for place, steps in enumerate(branches)
        ]

    def _branch(self, steps: Steps, ended: Ended) -> Strand:
        """Return a strand of a branch."""
        return Strand(self._name, steps, self._context.copy(), self._refusal, ended)


class _Join:
    """The end of several strands. Thread-safe.

    Args:
        count: the number of strands.
        strand: goes on when the last one has ended, with all results in order, or with the error of the first
            strand that has one.
    """

    def __init__(self, count: int, strand: Strand) -> None:
        self._results: list[Any] = [None] * count
        self._missing = count
        self._errors: list[SeldonError | None] = [None] * count
        self._lock = threading.Lock()
        self._strand = strand

    def ended(self, place: int, result: Any, error: SeldonError | None) -> Resumption | None:
        """Take the result or the error of one strand; return the waiting one if it was the last."""
        with self._lock:
            self._results[place] = result
            self._errors[place] = error
            self._missing -= 1
            if self._missing:
                return None
        errors, self._errors = self._errors, []  # their tracebacks lead to this object
        return Resumption(self._strand, self._results, next(filter(None, errors), None))
