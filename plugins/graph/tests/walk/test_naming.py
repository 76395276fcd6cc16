"""Errors of nodes: those that the runtime finds name the node, those of user code stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import NDARRAY, ErrorCode, Message, Method, Payload, SeldonError
from seldon_runtime_graph.walk.naming import named

REQUEST = Message(Payload(NDARRAY, np.array([[1.0]]), []))


class Answers:
    """A component that answers with the result of a function."""

    def __init__(self, answer):
        self.answer = answer

    def predict(self, X, names=None):
        return self.answer()

    def route(self, X, names=None):
        return self.answer()


def error_of(answer, method=Method.PREDICT):
    with pytest.raises(SeldonError) as raised:
        ComponentAdapter(Answers(answer)).answer(method, [REQUEST] if method is Method.AGGREGATE else REQUEST)
    return raised.value.with_traceback(raised.value.__traceback__.tb_next)  # this function is no user's


def refuse():
    raise SeldonError("refused", code=ErrorCode.BAD_DATA)


def call_runtime():
    ComponentAdapter(Answers(lambda: None)).answer(Method.PREDICT, REQUEST)


def test_an_error_about_an_answer_names_the_node_and_keeps_its_code():
    error = error_of(lambda: None)
    told = named(error, "a")
    assert told.message == f"the node 'a': {error.message}"
    assert str(told) == told.message
    assert told.code is ErrorCode.COMPONENT_FAILED
    assert not error.message.startswith("the node")


@pytest.mark.parametrize("answer", [lambda: None, lambda: "1", lambda: [1], lambda: 1.7])
def test_an_error_about_a_route_names_the_router(answer):
    assert named(error_of(answer, Method.ROUTE), "r").message.startswith("the node 'r': route returned")


def test_a_method_that_is_absent_names_the_node():
    told = named(error_of(lambda: None, Method.AGGREGATE), "c")
    assert told.message == "the node 'c': Answers has no method aggregate"
    assert told.code is ErrorCode.NOT_IMPLEMENTED


@pytest.mark.parametrize("answer", [refuse, call_runtime, lambda: 1 / 0])
def test_an_error_that_user_code_raised_stays(answer):
    error = error_of(answer)
    assert named(error, "a") is error


@pytest.mark.parametrize(
    "error",
    [
        SeldonError("late", code=ErrorCode.DEADLINE_EXCEEDED),
        SeldonError("elsewhere", status_code=418),
        SeldonError("that nobody raised, such as one in the answer of predict_batch"),
    ],
)
def test_an_error_that_no_class_has_caused_stays(error):
    assert named(error, "a") is error


def test_an_exception_of_user_code_names_the_node_in_the_log_alone():
    error = error_of(lambda: 1 / 0)
    message = error.message
    told = named(error, "a")
    assert (told.message, told.where) == (message, "Answers.predict (node 'a')")
