"""The waiting calls of one component, and the batches in which a plugin's batcher answers them."""

from __future__ import annotations

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeGuard, TypeVar

from seldon_runtime.errors import ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.owners import place_of
from seldon_runtime.inference.predictor import Predict, Stream
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.batching.waiting import LOOK_S, Waiting
from seldon_runtime.service.observer import BatchRecord
from seldon_runtime.service.running.threads import Task
from seldon_runtime.service.unit import Unit

_MOST_IDLE_GROUPS = 64
"""The groups that are kept, though none of their jobs waits."""


@dataclass(slots=True, eq=False)
class Job:
    """A call, or a step of a call, that a batch answers."""

    submitted: float
    """The time from which it has waited (``time.perf_counter``)."""
    request: Request = None
    result: Any = None
    """The answer of an interceptor or of the batcher."""
    error: SeldonError | None = None


J = TypeVar("J", bound=Job)


class BatchQueue(ABC, Generic[J]):
    """The jobs of one component that wait for a batch. Thread-safe.

    Each job has a task in the executor's queue. The first task of a group takes the whole batch, and the
    tasks of the other jobs in it then do nothing. So the queue's limit and order hold for each job.

    A component whose thread runs an event loop has one batch of a group under way at a time, while the next
    one forms. The batcher then runs on a thread of its own, and what it asks runs on the event loop, so that
    other calls go on meanwhile.

    Args:
        unit: the component.
        batcher: the plugin's.
        submit: queues a task for the component's thread.
        is_draining: returns True when no further calls come.
        finished: receives a record of each batch.
    """

    def __init__(
        self,
        unit: Unit,
        batcher: Batcher,
        submit: Callable[[Task], None],
        is_draining: Callable[[], bool],
        finished: Callable[[BatchRecord], None],
    ) -> None:
        self.unit = unit
        self._batcher = batcher
        self._submit = submit
        self._is_draining = is_draining
        self._finished = finished
        self._groups: dict[tuple[Method, Hashable], Waiting[J]] = {}
        self._lock = threading.Lock()
        self._has_given_up = False

    @property
    def tasks(self) -> int:
        """The number of tasks of the executor for the jobs here, the running one included."""
        return sum(waiting.tasks for waiting in list(self._groups.values()))

    @abstractmethod
    def enter(self, jobs: Sequence[J]) -> list[J]:
        """Return the jobs that the batcher is to answer; the others have a result or an error."""

    @abstractmethod
    def leave(self, jobs: Sequence[J]) -> None:
        """Pass the results and errors on."""

    def group(self, call: Call) -> Hashable | None:
        """Return the group of a call; None for a call that runs alone.

        Raises:
            PluginFailed: the batcher failed.
        """
        if call.method in self.unit.predictor.unbatched:
            return None
        try:
            group = self._batcher.group(call)
            hash(group)
        except BaseException as error:
            raise PluginFailed(place_of(self._batcher, "group"), error) from error
        return group

    def put(self, method: Method, group: Hashable, job: J) -> None:
        """Queue a job of a group.

        Raises:
            SeldonError: OVERLOADED or UNAVAILABLE.
        """
        with self._lock:  # a group must not be forgotten between the two
            waiting = self._waiting_of((method, group))
            waiting.add(job)
        try:
            self._submit(partial(self._run, method, waiting))
        except SeldonError:
            if waiting.remove(job):
                raise

    def _waiting_of(self, key: tuple[Method, Hashable]) -> Waiting[J]:
        waiting = self._groups.get(key)
        if waiting is None:
            if len(self._groups) >= _MOST_IDLE_GROUPS:  # as of a batcher that groups by a header
                self._groups = {key: each for key, each in self._groups.items() if not each.is_idle()}
            waiting = self._groups[key] = Waiting()
        return waiting

    def give_up(self) -> None:
        """End all waiting jobs, whose :meth:`enter` must refuse them. Any thread."""
        self._has_given_up = True
        for (method, _), waiting in list(self._groups.items()):
            while taken := waiting.take_or_end(self._batcher.max_size):
                self._answer(method, taken)

    def _run(self, method: Method, waiting: Waiting[J]) -> None:
        if not self.unit.predictor.is_async or self._has_given_up:
            self._take(method, waiting, self._batcher.max_wait_s)
        elif waiting.begin():
            self.unit.executor.spawn(self._answer_all(method, waiting))

    def _take(self, method: Method, waiting: Waiting[J], wait_s: float) -> None:
        jobs = waiting.take(self._batcher.max_size, wait_s, self._is_idle, self.gives_way)
        if jobs is not None:
            self._answer(method, jobs)
            return
        try:
            self.unit.executor.submit_further(partial(self._run, method, waiting))
        except SeldonError:  # the thread ends: nobody runs the task again
            self._take(method, waiting, 0.0)

    def gives_way(self) -> bool:
        """Return whether a batch that waits for more jobs lets other tasks run first, or runs at once."""
        return False

    def _answer(self, method: Method, jobs: Sequence[J]) -> None:
        if due := self.enter(jobs):
            self._predict(method, due, self._answered)
        self._pass_on(jobs)

    async def _answer_all(self, method: Method, waiting: Waiting[J]) -> None:
        batcher = self._batcher
        while (left_s := waiting.missing_s(batcher.max_size, batcher.max_wait_s)) and self._is_idle(1):
            await asyncio.sleep(min(left_s, LOOK_S))
        while jobs := waiting.take_or_end(batcher.max_size):
            if due := self.enter(jobs):
                await self._predict_beside(method, due)
            self._pass_on(jobs)

    def _pass_on(self, jobs: Sequence[J]) -> None:
        self.leave(jobs)
        for job in jobs:
            job.error = None  # its traceback refers to frames of the batch, and so to the job

    async def _predict_beside(self, method: Method, jobs: Sequence[J]) -> None:
        loop = asyncio.get_running_loop()

        def ask(method: Method, request: Request) -> Message | Stream:
            return asyncio.run_coroutine_threadsafe(self._awaited(method, request), loop).result()

        await asyncio.to_thread(partial(self._predict, method, jobs, ask))

    async def _awaited(self, method: Method, request: Request) -> Message | Stream:
        answer = self.unit.predictor.answer(method, request)
        return answer if isinstance(answer, Message | Stream) else await answer

    def _answered(self, method: Method, request: Request) -> Message | Stream:
        answer = self.unit.predictor.answer(method, request)
        if _is_finished(answer):
            return answer
        if isinstance(answer, Coroutine):
            answer.close()  # else Python warns that nobody awaited it
        raise SeldonError(
            f"{method.value} returned {type(answer).__name__} in a batch, expected the result itself: make "
            "it an async method, whose batches are awaited",
            code=ErrorCode.COMPONENT_FAILED,
        )

    def _is_idle(self, waiting: int) -> bool:
        """Return whether nothing but the ``waiting`` jobs, the first of which has this thread, needs it."""
        return self.unit.executor.waiting < waiting and not self._is_draining()

    def _predict(self, method: Method, jobs: Sequence[J], ask: Predict) -> None:
        """Let the batcher answer jobs, and tell observers. Blocks meanwhile."""
        started = time.perf_counter()
        self._ask_batcher(method, jobs, ask)
        ran_s, waited_s = time.perf_counter() - started, started - min([job.submitted for job in jobs])
        self._finished(BatchRecord(method, len(jobs), waited_s, ran_s, self.unit.identity.unit))

    def _ask_batcher(self, method: Method, jobs: Sequence[J], ask: Predict) -> None:
        try:
            requests = [job.request for job in jobs]
            answers = self._batcher.predict(method, requests, ask)
            if len(answers) != len(jobs):
                raise ValueError(f"returned {len(answers)} answers for {len(jobs)} requests")
            for job, answer in zip(jobs, answers, strict=True):
                if isinstance(answer, SeldonError):
                    job.error = _copy_of(answer)
                elif _is_finished(answer):
                    job.result = answer
                else:
                    job.error = self._failed(
                        TypeError(f"returned {type(answer).__name__}, expected a Message")
                    )
        except SeldonError as error:
            for job in jobs:
                job.error = _copy_of(error)
        except BaseException as error:  # noqa: BLE001 - a batcher is a plugin
            for job in jobs:
                job.error = self._failed(error)

    def _failed(self, error: BaseException) -> PluginFailed:
        return PluginFailed(place_of(self._batcher, "predict"), error)


def _is_finished(answer: object) -> TypeGuard[Message | Stream]:
    return type(answer) is Message or isinstance(answer, (Message, Stream))


def _copy_of(error: SeldonError) -> SeldonError:
    """Return an error of one job's own, because its message may come to name that call's request id.

    Its traceback tells a service of several components who found the fault.
    """
    copied = type(error).__new__(type(error), *error.args)
    copied.__dict__.update(error.__dict__)
    copied.__cause__ = error.__cause__
    return copied.with_traceback(error.__traceback__)
