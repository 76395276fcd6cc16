"""A service of several components: every call ends once, as with one component."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call, request_id
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor, Stream
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.composed.service import ComposedService
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import Observer, Outcome
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.testing import WAIT_S, Background, Gated, wait_until


class Chain(ComposedService):
    """Its components answer one after the other."""

    def steps(self, call: Call, request: Request) -> Steps:
        answer: Any = request
        for unit in self.units:
            answer = yield Ask(unit, call.method, answer)
        return answer  # type: ignore[no-any-return]


class Notes:
    """A component that notes the request ids of its calls."""

    def __init__(self) -> None:
        self.ids: list[str | None] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.ids.append(request_id())
        if X == "fail":
            raise ValueError("the secret of the model")
        return X + "."


class Sees(Observer):
    def __init__(self) -> None:
        self.started: list[Call] = []
        self.outcomes: list[Outcome] = []

    def call_started(self, call: Call) -> None:
        self.started.append(call)

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def call(text: str = "x", method: Method = Method.PREDICT, **fields: Any) -> Call:
    wire = Message(Payload(Kind.STR, text))
    return Call(method, wire, NeutralCodec(), "test", **fields)


def answered(service: Service, one: Call) -> Any:
    return service.call(one).payload.value


def failed(service: Service, one: Call) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        service.call(one)
    return caught.value


@pytest.fixture
def chain(make_unit: Any) -> Callable[..., Chain]:
    def chain(*users: object, queue_size: int = 1000, of: type[Chain] = Chain, **options: Any) -> Chain:
        return of([make_unit(user, queue_size) for user in users], **options)

    return chain


def test_every_component_sees_the_request_id_and_observers_see_one_call(chain: Any) -> None:
    service, sees = chain(Notes(), Notes()), Sees()
    service.attach([sees], [])
    assert answered(service, call(request_id="r-1")) == "x.."
    assert [unit.user.ids for unit in service.units] == [["r-1"], ["r-1"]]
    assert len(sees.started) == 1
    assert [(outcome.error, outcome.unit) for outcome in sees.outcomes] == [(None, "Notes")]


def test_interceptors_stand_around_the_whole(chain: Any) -> None:
    class Around(Interceptor):
        def __init__(self) -> None:
            self.ended: list[SeldonError | None] = []

        def before(self, call: Call, request: Any) -> Any:
            if request.payload.value == "mine":
                return Answer(Message(Payload(Kind.STR, "own")))
            return replace(request, payload=Payload(Kind.STR, "<"))

        def after(self, call: Call, answer: Any) -> Message:
            return Message(Payload(Kind.STR, answer.payload.value + ">"))

        def finished(self, call: Call, error: SeldonError | None) -> None:
            self.ended.append(error)

    service = chain(Notes(), Notes())
    around = Around()
    service.attach([], [around])
    assert answered(service, call()) == "<..>"
    assert answered(service, call("mine")) == "own"
    assert around.ended == [None, None]


def test_an_exception_of_a_component_is_the_calls_error(chain: Any, caplog: Any) -> None:
    service = chain(Notes(), Notes(), error_details=False)
    error = failed(service, call("fail", request_id="r-2"))
    assert error.code is ErrorCode.COMPONENT_FAILED
    assert "secret" not in error.message
    assert "predict failed in Notes.predict, request r-2" in caplog.text


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        (lambda call, request: 1 / 0, "division by zero"),
        (lambda call, request: request, "returned Message, expected a generator"),
        (lambda call, request: (unit for unit in ()), "returned NoneType, expected a Message or a Stream"),
    ],
)
def test_faulty_steps_fail_their_call_only(chain: Any, steps: Any, complaint: str) -> None:
    service = chain(Notes(), of=type("Acme", (Chain,), {"steps": staticmethod(steps)}))
    error = failed(service, call())
    assert isinstance(error, ComponentFailed)
    assert complaint in str(error.__cause__)
    assert complaint not in error.message
    assert error.where == "Acme.steps"


def test_metadata_and_health_need_no_steps(chain: Any) -> None:
    class Ill(Notes):
        def health_status(self) -> str:
            return f"well, in {threading.current_thread().name}"

    service = chain(Ill(), Notes(), metadata={"name": "chain"})
    assert answered(service, call(method=Method.METADATA)) == {"name": "chain"}
    assert answered(service, call(method=Method.HEALTH_STATUS)) == "well, in component-0"
    assert answered(chain(Notes()), call(method=Method.HEALTH_STATUS)) == "healthy"


def test_a_service_may_ask_several_components_for_their_health(chain: Any) -> None:
    class Asks(Chain):
        def health(self, call: Call) -> Steps | None:
            return None if call.target == "first" else self._of_all(call)

        def _of_all(self, call: Call) -> Steps:
            for unit in self.units:
                yield Ask(unit, call.method, None)
            return Message(Payload(Kind.STR, "all well"))

    class Well(Notes):
        def health_status(self) -> str:
            self.ids.append("asked")
            return "well"

    service = chain(Well(), Well(), of=Asks)
    assert answered(service, call(method=Method.HEALTH_STATUS)) == "all well"
    assert [unit.user.ids for unit in service.units] == [["asked"], ["asked"]]
    assert answered(service, call(method=Method.HEALTH_STATUS, target="first")) == "well"


def test_a_service_may_write_the_answers_that_no_interceptor_saw(chain: Any) -> None:
    class Writes(Chain):
        def encode(self, call: Call, answer: Message) -> Any:
            return super().encode(call, Message(Payload(Kind.STR, "written by the service")))

    class Through(Interceptor):
        def before(self, call: Call, request: Request) -> Request | Answer:
            return request

    service = chain(Notes(), of=Writes)
    assert answered(service, call()) == "written by the service"
    service.attach([], [Through()])
    assert answered(service, call()) == "x."


def test_a_drawing_is_the_services_own(chain: Any) -> None:
    assert chain(Notes()).outline() == ""


def test_a_call_whose_client_disconnected_asks_no_further_component(chain: Any) -> None:
    gated, notes = Gated(), Notes()
    service = chain(gated, notes)
    one = call("wait")
    running = Background(lambda: failed(service, one))
    gated.wait_until_entered()
    one.cancelled = True
    gated.open()
    assert running.outcome.code is ErrorCode.CANCELLED
    assert notes.ids == []


def test_at_its_deadline_a_call_is_answered_and_asks_no_further_component(chain: Any) -> None:
    gated, notes, sees = Gated(), Notes(), Sees()
    service = chain(gated, notes, limits=Limits(timeout_s=0.05))
    service.attach([sees], [])
    assert failed(service, call("wait")).code is ErrorCode.DEADLINE_EXCEEDED
    gated.open()
    wait_until(lambda: sees.outcomes, "the call to end")
    assert notes.ids == []
    service.timers.close()


def test_the_queue_of_every_component_is_bounded_and_counted(chain: Any) -> None:
    first, last = Gated(), Gated()
    first.open()
    service = chain(first, last, queue_size=2)
    running = [Background(lambda: answered(service, call("wait")))]
    last.wait_until_entered()
    for number in (1, 2):
        running.append(Background(lambda: answered(service, call("wait"))))
        wait_until(lambda n=number: service.units[1].executor.waiting == n, "a call to wait")  # type: ignore[misc]
        assert service.waiting == number
    error = failed(service, call("one more"))
    assert error.code is ErrorCode.OVERLOADED
    assert int(error.headers["Retry-After"]) >= 1
    last.open()
    assert [client.outcome for client in running] == ["wait"] * 3
    assert service.waiting == 0


def test_giving_up_answers_the_calls_that_wait_for_any_component(chain: Any) -> None:
    first, last = Gated(), Gated()
    service = chain(first, last)
    running = Background(lambda: answered(service, call("wait")))
    first.wait_until_entered()
    waiting = Background(lambda: failed(service, call("waits")))
    wait_until(lambda: service.waiting == 1, "a call to wait")
    service.give_up("it hangs")
    assert waiting.outcome.code is ErrorCode.UNAVAILABLE
    assert failed(service, call()).code is ErrorCode.UNAVAILABLE
    assert not service.alive
    first.open()
    assert running.outcome.code is ErrorCode.UNAVAILABLE  # its next component takes no more tasks
    last.open()


class Counts(Stream):
    def __init__(self) -> None:
        self.threads: list[str] = []
        self.closed = 0

    def next(self) -> Message | None:
        self.threads.append(threading.current_thread().name)
        return Message(Payload(Kind.STR, "item")) if len(self.threads) < 3 else None

    def close(self) -> None:
        self.closed += 1


class Streams(Predictor):
    methods = frozenset({Method.PREDICT})

    def __init__(self) -> None:
        self.stream = Counts()

    def predict(self, method: Method, request: Request) -> Message | Stream:
        return self.stream


def test_a_stream_of_a_component_is_pulled_on_its_thread(chain: Any) -> None:
    class Marks(Interceptor):
        def after_item(self, call: Call, item: Message) -> Message:
            return Message(Payload(Kind.STR, "an " + item.payload.value))  # type: ignore[union-attr]

    streams, sees = Streams(), Sees()
    service = chain(Notes(), streams)
    service.attach([sees], [Marks()])
    service.units[1].executor.run(lambda: setattr(threading.current_thread(), "name", "second"))

    async def pulled() -> list[Any]:
        stream = await service.call_async(call(accepts_stream=True))
        assert isinstance(stream, OpenStream)
        items = []
        while (item := await stream.pull_async()) is not None:
            items.append(item.payload.value)
        return items

    assert asyncio.run(pulled()) == ["an item", "an item"]
    assert streams.stream.threads == ["second"] * 3
    assert streams.stream.closed == 1
    assert [outcome.error for outcome in sees.outcomes] == [None]
    assert "the stream has no items" in failed(service, call()).message  # its only stream is over


def test_a_transport_that_fails_to_take_an_answer_disturbs_nothing(chain: Any, caplog: Any) -> None:
    service = chain(Notes(), Streams())
    tried: SimpleQueue[Any] = SimpleQueue()

    def done(answer: Any, error: Any) -> None:
        tried.put(answer or error)
        raise OSError("gone")

    with caplog.at_level(logging.ERROR):
        service.submit(call(accepts_stream=True), done)
        assert isinstance(tried.get(timeout=WAIT_S), OpenStream)
        service.units[1].executor.run(lambda: None)
    assert tried.empty()
    assert "transport test failed to accept an answer" in caplog.text


def test_many_calls_at_once_are_not_mixed_up(chain: Any) -> None:
    service = chain(Notes(), Notes(), Notes())
    texts = [str(number) for number in range(200)]
    outcomes: SimpleQueue[tuple[str, Any]] = SimpleQueue()
    for text in texts:
        service.submit(
            call(text, deadline=time.monotonic() + WAIT_S),
            lambda answer, error, text=text: outcomes.put((text, answer.payload.value)),
        )
    found = dict(outcomes.get(timeout=WAIT_S) for _ in texts)
    assert found == {text: text + "..." for text in texts}
    service.timers.close()


def test_a_request_that_would_take_too_much_memory_is_refused_before_it_is_read(chain: Any) -> None:
    service = chain(Notes(), limits=Limits(max_request_memory=100_000))
    wire = b'{"jsonData":[' + b"[]," * 20_000 + b"[]]}"
    refused = failed(service, Call(Method.PREDICT, wire, JsonCodec(Limits()), "test"))
    assert refused.code is ErrorCode.TOO_LARGE
    assert "SELDON_MAX_REQUEST_MEMORY" in refused.message


def test_the_memory_of_a_request_is_held_until_its_last_step(chain: Any) -> None:
    class Same:
        def predict(self, X: Any, names: Any) -> Any:
            return X

    gated = Gated()
    service = chain(Same(), gated)
    wire = b'{"strData":"wait","meta":{"tags":{"long":"%b"}}}' % (b"x" * 100_000)
    one = Call(Method.PREDICT, wire, JsonCodec(Limits()), "test")
    running = Background(lambda: service.call(one))
    gated.wait_until_entered()
    assert one.started
    assert service.memory.used_bytes > 2 * len(wire)
    gated.open()
    assert b'"strData":"wait"' in running.outcome
    wait_until(lambda: service.memory.used_bytes <= len(wire), "only the call itself to hold memory")


FORKS = """
    import os, threading
    from seldon_runtime.component.adapter import ComponentAdapter
    from seldon_runtime.plugin import *

    class Forks:
        def predict(self, X, names):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            return X

    class Alone(ComposedService):
        def steps(self, call, request):
            return (yield Ask(self.units[1], call.method, request))

    def unit():
        executor = Executor()
        executor.start()
        return Unit(ComponentAdapter(Forks()), executor)

    answered = threading.Event()

    def done(answer, error):
        os.write(1, b"answered ")
        answered.set()

    wire = Message(Payload(Kind.STR, "x"))
    Alone([unit(), unit()]).submit(Call(Method.PREDICT, wire, NeutralCodec(), "test"), done)
    answered.wait()
"""


def test_a_child_that_user_code_forks_answers_nobody() -> None:
    program = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(FORKS)]
    ended = subprocess.run(program, capture_output=True, text=True, check=True, timeout=WAIT_S)
    assert ended.stdout == "answered "
