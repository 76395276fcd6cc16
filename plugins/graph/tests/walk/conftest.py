"""Tests of the steps, taken one after the other without threads.

Modules that are tested elsewhere:

    plan, asking, flight: plugins/graph/tests/walk/test_predict.py
"""

from __future__ import annotations

from collections.abc import Generator
from types import SimpleNamespace

import numpy as np
import pytest

from seldon_runtime.plugin import TENSOR, Ask, Feedback, Identity, Message, Method, Payload, SeldonError
from seldon_runtime_graph.walk.flight import Flight
from seldon_runtime_graph.walk.predict import predict

HERE = "the thread of all components"


class Part:
    """A component that counts: each method changes a number in its own way. It stands for unit and predictor.

    With ``is_short`` it has the short way of calls with arrays.
    """

    def __init__(self, name, number=1.0, route_to=0, fails=frozenset(), is_short=False):
        self.name, self.number, self.route_to, self.fails = name, number, route_to, fails
        self.is_short = is_short
        self.executor = HERE
        self.calls = []
        self.identity = Identity(name, f"{name}:1")

    @property
    def predictor(self):
        return self

    def array_call(self, method):
        if not self.is_short or method is Method.ROUTE or method is Method.AGGREGATE:
            return None

        def call(array, names, kind, given_meta, request):
            return self.answer(method, Message(Payload(kind, array, names))).payload

        return call

    def answer(self, method, request):
        self.calls.append(method.value)
        if method.value in self.fails:
            raise SeldonError(f"{self.name} fails in {method.value}")
        if method is Method.ROUTE:
            return message(self.route_to)
        if method is Method.AGGREGATE:
            return message(sum(value_of(each) for each in request) + self.number)
        if isinstance(request, Feedback):
            return message(0.0)
        return message(self.changed(method.value, value_of(request)))

    def changed(self, method, value):
        return {"predict": value * 2, "transform_input": value + 10, "transform_output": -value}[
            method
        ] + self.number


def message(number):
    return Message(Payload(TENSOR, np.array([[number]]), ["x"]))


def value_of(answer):
    return float(answer.payload.value[0][0])


def take(steps):
    """Take the steps one after the other; of a list all of them, then the first error in its order.

    A message or a stream in their place is the answer.
    """
    if not isinstance(steps, Generator):
        return steps
    given, error = None, None
    while True:
        try:
            step = steps.send(given) if error is None else steps.throw(error)
        except StopIteration as end:
            return end.value
        given, error = None, None
        try:
            given = taken(step)
        except SeldonError as raised:
            error = raised


def taken(step):
    if isinstance(step, Ask):
        return step.unit.answer(step.method, step.request) if step.call is None else step.call()
    answers, errors = [], []
    for branch in step:
        try:
            answers.append(taken(branch) if isinstance(branch, Ask) else take(branch))
        except SeldonError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return answers


def answered(root, request, routing=None, *, is_own=False, is_here=False):
    """The answer of a planned graph. With ``is_here`` the walk asks the components itself."""
    return take(predict(root, flight_of(request, routing, is_own=is_own, is_here=is_here)))


def flight_of(request, routing=None, *, is_own=False, is_here=True, refusal=lambda call: None):
    """A request on its way. With ``is_here`` all components are on its thread, else on others."""
    executor = HERE if is_here else None
    routing, call = {} if routing is None else routing, SimpleNamespace(cancelled=False, deadline=1.0)
    return Flight(request, routing, [], call, refusal, executor, is_here, is_own)


@pytest.fixture(scope="module")
def parts():
    """The functions and classes of this module."""
    return SimpleNamespace(
        Part=Part,
        message=message,
        value_of=value_of,
        take=take,
        answered=answered,
        flight_of=flight_of,
    )
