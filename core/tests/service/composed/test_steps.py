"""Steps: in order, at the same time, on the thread of the component that they ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor, Stream
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.composed.strand import Strand
from seldon_runtime.service.composed.unit_stream import UnitStream
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing import WAIT_S

TRAIL: ContextVar[str] = ContextVar("trail", default="")


def text(value: str) -> Message:
    return Message(Payload(Kind.STR, value))


def value(message: Any) -> Any:
    return message.payload.value


class Adds(Predictor):
    """Answers with the request and its own letter; leaves the letter in the context."""

    methods = frozenset({Method.PREDICT})

    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.threads: list[threading.Thread] = []
        self.trails: list[str] = []
        self.meets: Any = None
        self.error: BaseException | None = None
        self.result: Any = None

    def predict(self, method: Method, request: Request) -> Message | Stream:
        self.threads.append(threading.current_thread())
        self.trails.append(TRAIL.get())
        TRAIL.set(TRAIL.get() + self.letter)
        if self.meets is not None:
            self.meets.wait(WAIT_S)
        if self.error is not None:
            raise self.error
        return text(value(request) + self.letter) if self.result is None else self.result


@pytest.fixture
def take() -> Callable[..., Any]:
    """``take(steps)``: the result of the steps, or its error raised."""

    def take(steps: Steps, refusal: Callable[[], SeldonError | None] = lambda: None) -> Any:
        outcomes: SimpleQueue[tuple[Any, SeldonError | None]] = SimpleQueue()
        strand = Strand(
            "Acme.steps",
            steps,
            copy_context(),
            refusal,
            lambda result, error: outcomes.put((result, error)),
        )
        strand.proceed()
        result, error = outcomes.get(timeout=WAIT_S)
        assert outcomes.empty()
        if error is not None:
            raise error
        return result

    return take


@pytest.fixture
def units(make_unit: Any) -> tuple[Unit, Unit]:
    return make_unit(Adds("a")), make_unit(Adds("b"))


def ask(unit: Unit, request: str = "") -> Ask:
    return Ask(unit, Method.PREDICT, text(request))


def test_each_component_answers_on_its_own_thread_and_sees_the_context_so_far(take: Any, units: Any) -> None:
    a, b = units

    def steps() -> Steps:
        first = yield ask(a, "-")
        second = yield Ask(b, Method.PREDICT, first)
        assert b.executor.is_current
        third = yield Ask(b, Method.PREDICT, second)
        return third

    assert value(take(steps())) == "-abb"
    assert {thread.name for thread in a.user.threads + b.user.threads} == {"component-0"}
    assert a.user.threads[0] is not b.user.threads[0]
    assert b.user.threads[0] is b.user.threads[1]
    assert b.user.trails == ["a", "ab"]
    assert TRAIL.get() == ""


def test_a_list_is_answered_at_the_same_time_and_in_order(take: Any, units: Any) -> None:
    a, b = units
    a.user.meets = b.user.meets = threading.Barrier(2)  # neither returns before both run

    def steps() -> Steps:
        answers = yield [ask(b), ask(a)]
        return text(" ".join(map(value, answers)))

    assert value(take(steps())) == "b a"
    assert (a.user.trails, b.user.trails) == ([""], [""])


def test_branches_of_several_steps_each_have_a_context_of_their_own(take: Any, units: Any) -> None:
    a, b = units

    def below(unit: Unit, depth: int) -> Steps:
        answer = yield ask(unit)
        if depth:
            answers = yield (below(unit, depth - 1), Ask(unit, Method.PREDICT, answer))
            answer = text("(" + " ".join(map(value, answers)) + ")")
        assert isinstance(answer, Message)
        return answer

    def steps() -> Steps:
        answers = yield [below(a, 2), below(b, 1), below(a, 0)]
        none = yield []
        assert none == []
        return text(" ".join(map(value, answers)))

    assert value(take(steps())) == "((a aa) aa) (b bb) a"
    assert set(a.user.trails) == {"", "a", "aa"}
    assert set(b.user.trails) == {"", "b"}


def test_branches_inside_branches_of_any_depth_are_answered(take: Any, units: Any) -> None:
    a, b = units

    def below(depth: int) -> Steps:
        if depth:
            answers = yield [ask(b, "."), below(depth - 1)]
            return text("".join(map(value, answers)))
        answer = yield ask(a)
        assert isinstance(answer, Message)
        return answer

    assert value(take(below(1000))) == ".b" * 1000 + "a"


def test_the_error_below_branches_of_any_depth_is_raised(take: Any, units: Any) -> None:
    a, b = units
    a.user.error = SeldonError("nothing")

    def below(depth: int) -> Steps:
        answers = yield [ask(b), below(depth - 1)] if depth else [ask(a), ask(b)]
        return text("".join(map(value, answers)))

    with pytest.raises(SeldonError, match=r"^nothing$"):
        take(below(1000))


def test_the_error_of_a_step_is_raised_where_it_was_yielded(take: Any, units: Any) -> None:
    a, b = units
    a.user.error = SeldonError("not today", code=ErrorCode.FORBIDDEN)

    def steps() -> Steps:
        try:
            yield ask(a)
        except SeldonError as error:
            answer = yield ask(b, error.message)
        return answer

    assert value(take(steps())) == "not todayb"


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3), KeyboardInterrupt()])
def test_any_exception_of_a_component_names_it(take: Any, units: Any, error: BaseException) -> None:
    units[0].user.error = error

    def steps() -> Steps:
        return (yield ask(units[0]))

    with pytest.raises(ComponentFailed) as caught:
        take(steps())
    assert caught.value.where == "Adds.predict"
    assert caught.value.__cause__ is error


def test_the_first_error_of_a_list_is_that_of_the_first_step_not_of_the_quickest(
    take: Any, units: Any
) -> None:
    a, b = units
    quick_ended = threading.Event()
    a.user.error, b.user.error = SeldonError("the first"), SeldonError("the quickest")

    class Later:
        def wait(self, timeout: float) -> bool:
            return quick_ended.wait(timeout)

    a.user.meets = Later()

    def quick() -> Steps:
        try:
            return (yield ask(b))
        finally:
            quick_ended.set()

    def steps() -> Steps:
        yield [ask(a), quick()]
        raise AssertionError("the error was swallowed")

    with pytest.raises(SeldonError, match="the first"):
        take(steps())


def test_a_list_waits_for_all_its_steps_before_its_error_is_raised(take: Any, units: Any) -> None:
    a, b = units
    a.user.error = SeldonError("first")
    a.user.meets = b.user.meets = threading.Barrier(2)

    def steps() -> Steps:
        yield [ask(a), ask(b)]
        raise AssertionError("the error was swallowed")

    with pytest.raises(SeldonError, match="first"):
        take(steps())
    assert len(b.user.trails) == 1


@pytest.mark.parametrize("step", [None, "text", ["text"], text("a message")])
def test_a_step_that_is_none_is_an_error_where_it_was_yielded(take: Any, units: Any, step: Any) -> None:
    def steps() -> Steps:
        yield step
        raise AssertionError("it went on")

    with pytest.raises(PluginFailed) as caught:
        take(steps())
    assert "expected an Ask, or a list of Asks and generators" in str(caught.value.__cause__)
    assert caught.value.where == "Acme.steps"


def test_a_component_that_answers_neither_a_message_nor_a_stream_fails(take: Any, units: Any) -> None:
    units[0].user.result = "text"

    def steps() -> Steps:
        return (yield ask(units[0]))

    with pytest.raises(PluginFailed) as caught:
        take(steps())
    assert str(caught.value.__cause__) == "returned str, expected a Message or a Stream"


def test_a_call_that_must_not_go_on_asks_no_further_component(take: Any, units: Any) -> None:
    a, b = units

    def refusal() -> SeldonError | None:
        return SeldonError("gone", code=ErrorCode.CANCELLED) if a.user.threads else None

    def steps() -> Steps:
        yield ask(a)
        try:
            yield ask(b)
        except SeldonError:
            yield [ask(a), ask(b)]
        raise AssertionError("it went on")

    with pytest.raises(SeldonError, match="gone"):
        take(steps(), refusal)
    assert (len(a.user.threads), len(b.user.threads)) == (1, 0)


def test_a_component_whose_thread_has_ended_is_an_error_of_its_step(take: Any, units: Any) -> None:
    a, b = units
    assert b.executor.stop(WAIT_S)

    def steps() -> Steps:
        yield ask(a)
        try:
            yield [ask(b), ask(a)]
        except SeldonError as error:
            return text(error.code.name)
        raise AssertionError("it went on")

    assert value(take(steps())) == "UNAVAILABLE"


class One(Stream):
    def next(self) -> Message | None:
        return text("item")


def test_a_stream_remembers_its_threads(take: Any, units: Any) -> None:
    units[1].user.result = One()

    def steps() -> Steps:
        yield ask(units[0])
        return (yield ask(units[1]))

    stream = take(steps())
    assert isinstance(stream, UnitStream)
    assert (stream.unit, stream.method) == (units[1], Method.PREDICT)
    assert value(stream.unit.executor.run(stream.next)) == "item"
    with pytest.raises(RuntimeError, match="return it as it is"):
        stream.next()


def test_a_step_may_bring_a_call_in_place_of_the_predictor(take: Any, make_unit: Any) -> None:
    unit = make_unit(Adds("a"))
    threads: list[threading.Thread] = []

    def short() -> Payload:
        threads.append(threading.current_thread())
        return Payload(Kind.STR, "short")

    def steps() -> Steps:
        payload = yield Ask(unit, Method.PREDICT, None, short)
        return text(payload.value)

    assert value(take(steps())) == "short"
    assert threads != [threading.current_thread()]
    assert unit.predictor.threads == []


def test_a_step_may_bring_an_answer_that_is_unfinished(take: Any, make_unit: Any) -> None:
    unit = make_unit(Adds("a"))

    async def later() -> Message:
        return text("later")

    def steps() -> Steps:
        answer: Message = yield Ask(unit, Method.PREDICT, None, later)
        return answer

    assert value(take(steps())) == "later"


def test_only_a_call_in_place_of_the_predictor_may_return_a_payload(take: Any, make_unit: Any) -> None:
    adds = Adds("a")
    adds.result = Payload(Kind.STR, "x")
    unit = make_unit(adds)

    def steps() -> Steps:
        answer: Message = yield Ask(unit, Method.PREDICT, text("x"))
        return answer

    with pytest.raises(PluginFailed) as raised:
        take(steps())
    assert str(raised.value.__cause__) == "returned Payload, expected a Message or a Stream"
    assert raised.value.where == "Adds.predict"
