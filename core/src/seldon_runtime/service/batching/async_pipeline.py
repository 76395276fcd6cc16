"""The pipeline of async calls that a batcher answers together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.batching.pipeline import BatchedPipeline, Job
from seldon_runtime.service.batching.waiting import LOOK_S, Waiting


class AsyncBatchedPipeline(BatchedPipeline):
    """The pipeline of a component whose thread runs an event loop.

    One batch of a group is under way at a time, while the next one forms. The batcher runs on a thread of its
    own, and what it asks runs on the event loop, so that other calls go on meanwhile.
    """

    def _run(self, method: Method, waiting: Waiting) -> None:
        if waiting.begin():
            self._unit.executor.spawn(self._answer_all(method, waiting))

    async def _answer_all(self, method: Method, waiting: Waiting) -> None:
        batcher = self._batcher
        while (left_s := waiting.missing_s(batcher.max_size, batcher.max_wait_s)) and self._is_idle(1):
            await asyncio.sleep(min(left_s, LOOK_S))
        while taken := waiting.take_or_end(batcher.max_size):
            jobs = [Job(*job) for job in taken]
            if due := self.enter(jobs):
                await self._predict_beside(method, due)
            self.leave(jobs)

    async def _predict_beside(self, method: Method, jobs: Sequence[Job]) -> None:
        loop = asyncio.get_running_loop()

        def ask(method: Method, request: Request) -> Message | Stream:
            return asyncio.run_coroutine_threadsafe(self._ask(method, request), loop).result()

        await asyncio.to_thread(partial(self.predict, method, jobs, ask))

    async def _ask(self, method: Method, request: Request) -> Message | Stream:
        answer = self._unit.predictor.answer(method, request)
        return answer if isinstance(answer, Message | Stream) else await answer
