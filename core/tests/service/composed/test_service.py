"""A service of several components: every call ends once, as with one component."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.testing import WAIT_S

from .chains import Chain, Notes, Sees, answered, call, failed


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
        (
            lambda call, request: request.payload,
            "returned Payload, expected a generator, a Message or a Stream",
        ),
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


def test_an_answer_without_a_step_needs_no_generator(chain: Any) -> None:
    class Own(Message):
        """A message that the service tells from others."""

    class Echo(Chain):
        def steps(self, call: Call, request: Any) -> Any:
            return Own(request.payload) if request.payload.value == "x" else super().steps(call, request)

    class Marks(Interceptor):
        def after(self, call: Call, answer: Any) -> Message:
            return Message(Payload(Kind.STR, answer.payload.value + ">"))

    service = chain(Notes(), of=Echo)
    assert [answered(service, call(text)) for text in "xy"] == ["x", "y."]
    service.attach([], [Marks()])
    assert [answered(service, call(text)) for text in "xy"] == ["x>", "y.>"]


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
