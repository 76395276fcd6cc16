"""Answers on their way to the event loop: none is left, and none holds up the sockets."""

from __future__ import annotations

import asyncio

from seldon_runtime_rest.server.completions import Completions

MANY = 1000


class Again:
    """A request, such as a stream, whose answer has brought the next one before it is written."""

    def __init__(self, completions: Completions) -> None:
        self.answered = 0
        self.last = asyncio.Event()
        self._completions = completions

    def answer(self, answer, error):
        self.answered += 1
        if self.answered < MANY:
            self._completions.add(self, None, None)
        else:
            self.last.set()


def test_answers_that_come_while_others_are_delivered_let_the_event_loop_go_on_first():
    async def run():
        loop = asyncio.get_running_loop()
        completions = Completions(loop)
        request = Again(completions)
        completions.add(request, None, None)
        seen = loop.create_future()
        loop.call_soon(lambda: seen.set_result(request.answered))
        before = await seen
        await request.last.wait()
        return before, request.answered

    before, answered = asyncio.run(run())
    assert before < 3
    assert answered == MANY


def test_answers_that_have_come_meanwhile_are_delivered_by_one_turn_of_the_loop():
    async def run():
        loop = asyncio.get_running_loop()
        completions = Completions(loop)
        requests = [Again(completions) for _ in range(3)]
        for request in requests:
            request.answered = MANY - 1
            completions.add(request, None, None)
        await asyncio.sleep(0)
        return [request.answered for request in requests]

    assert asyncio.run(run()) == [MANY] * 3
