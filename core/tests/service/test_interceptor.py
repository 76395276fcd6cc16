"""Interceptors refuse, alter and answer calls, in their order, and release what they took."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import NO_META, Feedback, Kind, Message, Meta, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.testing import WAIT_S

Serve = Callable[..., ComponentService]


class Model:
    def predict(self, X: Any, names: Any) -> Any:
        if X == "fail":
            raise ValueError("no")
        return X

    def aggregate(self, Xs: Any, names: Any) -> Any:
        return Xs[0]

    def send_feedback(self, X: Any, names: Any, reward: float, truth: Any) -> None:
        pass


class Never:
    def predict(self, X: Any) -> Any:
        raise AssertionError("the component was called")


class Tagger(Interceptor):
    """Shows in which order and on which thread the phases of a call run."""

    def __init__(self, tag: str, trace: list[str]) -> None:
        self.tag = tag
        self.trace = trace
        self.threads: dict[str, int] = {}

    def note(self, phase: str) -> None:
        self.trace.append(f"{self.tag} {phase}")
        self.threads[phase] = threading.get_ident()

    def admit(self, call: Call) -> None:
        self.note("admit")

    def before(self, call: Call, request: Request) -> Request | Answer:
        self.note("before")
        assert isinstance(request, Message)
        return text(f"{self.tag}{value(request)}")

    def after(self, call: Call, answer: Message) -> Message:
        self.note("after")
        return text(f"{value(answer)}{self.tag}")

    def finished(self, call: Call, error: SeldonError | None) -> None:
        self.note("finished")


class Counts(Interceptor):
    """Alters metas in place, each with another tag."""

    def __init__(self) -> None:
        self.calls = 0

    def before(self, call: Call, request: Any) -> Request | Answer:
        self.calls += 1
        parts = request if isinstance(request, list) else [request]
        for part in [parts[0].request, parts[0].truth] if isinstance(parts[0], Feedback) else parts:
            assert part.meta == Meta()
            part.meta.tags[f"asked {self.calls}"] = self.calls  # type: ignore[index]
        return request  # type: ignore[no-any-return]

    def after(self, call: Call, answer: Message) -> Message:
        answer.meta.tags[f"answered {self.calls}"] = self.calls  # type: ignore[index]
        answer.meta.request_path[f"node {self.calls}"] = "image"  # type: ignore[index]
        return answer


@dataclass
class Suffix(Interceptor):
    """Appends its text to each answer; equal to another one of the same text."""

    suffix: str

    def after(self, call: Call, answer: Message) -> Message:
        return text(f"{value(answer)}{self.suffix}")


class Guard(Interceptor):
    """Refuses strangers, and answers for the component."""

    def admit(self, call: Call) -> None:
        if call.headers.get("authorization") != "let me in":
            raise SeldonError(
                "who are you?", code=ErrorCode.UNAUTHENTICATED, headers={"WWW-Authenticate": "Bearer"}
            )

    def before(self, call: Call, request: Request) -> Request | Answer:
        return Answer(text("from the guard"))

    def after(self, call: Call, answer: Message) -> Message:
        raise AssertionError("its own answer came back")


class Places(Interceptor):
    """Counts the calls that it has admitted and that are not over."""

    def __init__(self) -> None:
        self.taken = 0

    def admit(self, call: Call) -> None:
        self.taken += 1

    def finished(self, call: Call, error: SeldonError | None) -> None:
        self.taken -= 1


def text(value: str) -> Message:
    return Message(Payload(Kind.STR, value))


def value(message: Message) -> Any:
    assert message.payload is not None
    return message.payload.value


def call(text: str = "x", method: Method = Method.PREDICT, **fields: Any) -> Call:
    return Call(method, b'{"strData":"%s"}' % text.encode(), JsonCodec(Limits()), "test", **fields)


def test_the_interceptor_named_first_is_the_outermost(serve: Serve) -> None:
    service, trace = serve(Model()), list[str]()
    service.attach([], [Tagger("a", trace), Tagger("b", trace)])
    assert service.call(call()) == b'{"meta":{},"strData":"baxba"}'
    assert trace == [
        *("a admit", "b admit", "a before", "b before", "b after", "a after"),
        *("a finished", "b finished"),
    ]


def test_admit_runs_on_the_transports_thread_and_the_rest_on_the_components(serve: Serve) -> None:
    service, tagger = serve(Model()), Tagger("a", [])
    service.attach([], [tagger])
    service.call(call())
    component = service.executor.run(threading.get_ident)
    assert tagger.threads == {
        "admit": threading.get_ident(),
        **dict.fromkeys(("before", "after", "finished"), component),
    }


def test_an_interceptor_may_be_a_dataclass_which_cannot_be_hashed(serve: Serve) -> None:
    service = serve(Model())
    service.attach([], [Suffix("!"), Suffix("?")])
    assert service.call(call("a")) == b'{"meta":{},"strData":"a?!"}'


@pytest.mark.parametrize(
    ("method", "wire"),
    [
        (Method.PREDICT, {"strData": "x"}),
        (Method.AGGREGATE, {"seldonMessages": [{"strData": "x"}, {"strData": "y"}]}),
        (Method.SEND_FEEDBACK, {"request": {"strData": "x"}, "truth": {"strData": "y"}, "reward": 1}),
    ],
)
def test_a_meta_that_an_interceptor_alters_in_place_is_its_calls_own(
    serve: Serve, method: Method, wire: Any
) -> None:
    service = serve(Model())
    service.attach([], [Counts()])
    codec = JsonCodec(Limits())
    answers = [
        json.loads(service.call(Call(method, json.dumps(wire).encode(), codec, "test"))) for _ in range(3)
    ]
    assert Meta() == NO_META
    if method is not Method.SEND_FEEDBACK:  # whose answer has no meta
        assert [answer["meta"]["requestPath"] for answer in answers] == [
            {f"node {number}": "image"} for number in (1, 2, 3)
        ]
        assert [answer["meta"]["tags"][f"answered {number}"] for number, answer in enumerate(answers, 1)] == [
            1,
            2,
            3,
        ]


def test_a_refused_call_does_not_wait_for_a_busy_component(serve: Serve) -> None:
    service, opened = serve(Never(), queue_size=1), threading.Event()
    service.attach([], [Guard()])
    service.executor.submit(lambda: opened.wait(WAIT_S))
    told: list[SeldonError | None] = []
    for _ in range(3):  # more than the queue holds
        service.submit(call(), lambda answer, error: told.append(error))
    opened.set()
    assert [error and error.code for error in told] == [ErrorCode.UNAUTHENTICATED] * 3
    assert told[0] is not None
    assert told[0].headers == {"WWW-Authenticate": "Bearer"}


def test_an_interceptor_may_answer_in_place_of_the_component(serve: Serve) -> None:
    service, trace = serve(Never()), list[str]()
    service.attach([], [Tagger("a", trace), Guard(), Tagger("c", trace)])
    answer = service.call(call(headers={"authorization": "let me in"}))
    assert answer == b'{"meta":{},"strData":"from the guarda"}'
    assert trace == ["a admit", "c admit", "a before", "a after", "a finished", "c finished"]


@pytest.mark.parametrize("method", [Method.METADATA, Method.HEALTH_STATUS])
def test_metadata_and_health_are_admitted_and_have_no_payload_to_alter(serve: Serve, method: Method) -> None:
    service, trace = serve(Model()), list[str]()
    service.attach([], [Tagger("a", trace)])
    service.call(call(method=method))
    assert trace == ["a admit", "a finished"]
    service.attach([], [Guard()])
    with pytest.raises(SeldonError, match="who are you"):
        service.call(call(method=method))


def test_a_raw_method_sees_the_wire_object_and_no_interceptor_its_payload(serve: Serve) -> None:
    class Raw:
        def predict_raw(self, request: Any) -> Any:
            return request

    service, trace = serve(Raw()), list[str]()
    service.attach([], [Tagger("a", trace)])
    assert service.call(call()) == b'{"strData":"x"}'
    assert trace == ["a admit", "a finished"]


def test_a_call_that_is_not_run_is_admitted_and_finished_only(serve: Serve) -> None:
    service, trace = serve(Model()), list[str]()
    service.attach([], [Tagger("a", trace)])
    with pytest.raises(SeldonError, match="disconnected"):
        service.call(call(cancelled=True))
    assert trace == ["a admit", "a finished"]


def test_what_was_taken_is_released_whatever_becomes_of_the_call(serve: Serve) -> None:
    outer, inner = Places(), Places()
    service = serve(Model(), queue_size=1)
    service.attach([], [outer, Guard(), inner])
    with pytest.raises(SeldonError, match="who are you"):
        service.call(call())
    assert (outer.taken, inner.taken) == (0, 0)
    service.attach([], [outer])
    for one in (call(), call("fail"), call(cancelled=True), call(deadline=0.0)):
        service.submit(one, lambda answer, error: None)
        service.executor.run(lambda: None)
    assert outer.taken == 0
    opened = threading.Event()
    service.executor.submit(lambda: opened.wait(WAIT_S))
    while service.executor.waiting:
        pass
    service.submit(call(), lambda answer, error: None)
    with pytest.raises(SeldonError) as caught:
        service.call(call())
    assert caught.value.code is ErrorCode.OVERLOADED
    assert outer.taken == 1  # of the one that waits
    opened.set()
    service.executor.run(lambda: None)
    assert outer.taken == 0


@pytest.mark.parametrize("fault", [KeyError, SystemExit, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("phase", ["admit", "before", "after"])
def test_an_interceptor_that_fails_is_an_error_of_the_call(
    serve: Serve, phase: str, fault: type[BaseException]
) -> None:
    def crash(*_: Any) -> Any:
        raise fault("the secret of the interceptor")

    service = serve(Model())
    service.attach([], [type("Crashes", (Interceptor,), {phase: crash})()])
    with pytest.raises(PluginFailed) as caught:
        service.call(call(request_id="r-1"))
    assert caught.value.where == f"Crashes.{phase}"
    assert caught.value.message == "a plugin of the server failed; see its log for request r-1"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_an_interceptor_that_returns_nothing_is_an_error_of_the_call(serve: Serve, phase: str) -> None:
    service = serve(Model())
    service.attach([], [type("Forgets", (Interceptor,), {phase: lambda *_: None})()])
    with pytest.raises(PluginFailed) as caught:
        service.call(call())
    assert "returned NoneType, expected" in str(caught.value.__cause__)
    assert caught.value.where == f"Forgets.{phase}"


@pytest.mark.parametrize("phase", ["admit", "before", "after"])
@pytest.mark.parametrize("headers", [{"Content-Type": "text/html"}, [("a", "b")], {"X": "a\r\nb"}], ids=str)
def test_an_interceptor_with_response_headers_that_are_not_valid_is_named(
    serve: Serve, phase: str, headers: Any
) -> None:
    def stamp(self: Interceptor, call: Call, *given: Any) -> Any:
        call.response_headers = headers
        return given[0] if given else None

    service = serve(Model())
    service.attach([], [type("Stamps", (Interceptor,), {phase: stamp})()])
    made = call()
    with pytest.raises(PluginFailed) as caught:
        service.call(made)
    assert caught.value.where == f"Stamps.{phase}"
    assert str(caught.value.__cause__).startswith("call.response_headers ")
    assert made.response_headers is None


def test_a_number_in_the_response_headers_of_an_interceptor_becomes_its_text(serve: Serve) -> None:
    class Stamps(Interceptor):
        def admit(self, call: Call) -> None:
            call.response_headers = {"Retry-After": 3}  # type: ignore[dict-item]

    service = serve(Model())
    service.attach([], [Stamps()])
    made = call()
    service.call(made)
    assert made.response_headers == {"Retry-After": "3"}


def test_an_interceptor_that_fails_at_the_end_harms_nobody(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    class Crashes(Interceptor):
        def finished(self, call: Call, error: SeldonError | None) -> None:
            raise KeyError("interceptor")

    places = Places()
    service = serve(Model())
    service.attach([], [Crashes(), places])
    assert b'"x"' in service.call(call())
    assert places.taken == 0
    assert any("Crashes.finished failed" in message for message in caplog.messages)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"meta": None}, "a meta of NoneType, expected a Meta"),
        ({"meta": Meta(tags=None)}, "tags of NoneType, expected a dict"),  # type: ignore[arg-type]
        ({"payload": None}, "a payload of NoneType, expected a Payload"),
        ({"payload": [1]}, "a payload of list, expected a Payload"),
    ],
)
@pytest.mark.parametrize("phase", ["before", "after", "answer"])
def test_an_interceptor_that_returns_half_a_message_is_blamed(
    serve: Serve, phase: str, changes: dict[str, Any], words: str
) -> None:
    def change(self: Any, call: Any, message: Message) -> Any:
        changed = replace(message, **changes)
        return Answer(changed) if phase == "answer" else changed

    service = serve(Model())
    name = "after" if phase == "after" else "before"
    service.attach([], [type("Halves", (Interceptor,), {name: change})()])
    with pytest.raises(PluginFailed) as caught:
        service.call(call())
    assert caught.value.where == f"Halves.{name}"
    assert f"returned {words}" in str(caught.value.__cause__)
