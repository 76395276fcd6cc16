"""Raw methods and old wire hooks: who is called, with what, and what goes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime import SeldonNotImplementedError
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Metric
from seldon_runtime.inference.method import USER_METHODS, Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing.served import run_call

Ask = Callable[..., Any]

BODY = {"strData": "s", "unknown": 1}
COUNTER = {"type": "COUNTER", "key": "c", "value": 1, "tags": {"a": "b"}}


def made(**methods: Callable[..., Any]) -> Any:
    return type("Made", (), methods)()


def answered(user: object, wire_name: str, method: Method = Method.PREDICT) -> Any:
    codec = JsonCodec(Limits(), name=wire_name)
    return json.loads(run_call(ComponentAdapter(user), Call(method, json.dumps(BODY), codec, "test")))


@pytest.mark.parametrize("method", [m for m in USER_METHODS if m is not Method.HEALTH_STATUS])
def test_a_raw_method_gets_the_request_and_gives_the_answer_untouched(ask: Ask, method: Method) -> None:
    body = {} if method is Method.SEND_FEEDBACK else BODY
    user = made(
        **{f"{method.value}_raw": lambda self, message: {"seen": dict(message), "meta": {"odd": None}}},
        **{method.value: lambda self, *_: "plain"},
    )
    assert ask(user, method, body) == {"seen": body, "meta": {"odd": None}}


def test_a_raw_health_gets_nothing(ask: Ask) -> None:
    assert ask(made(health_status_raw=lambda self: {"strData": "raw"}), "health_status") == {"strData": "raw"}


def test_raw_methods_get_what_no_plain_method_could_read(ask: Ask) -> None:
    user = made(predict_raw=lambda self, message: message)
    assert ask(user, "predict", ["not", "a", "message"]) == ["not", "a", "message"]
    assert ask(user, "predict", {}) == {}


def test_a_raw_method_that_is_not_implemented_hands_over(ask: Ask) -> None:
    calls: list[str] = []

    def raw(self: object, message: Any) -> None:
        calls.append("raw")
        raise SeldonNotImplementedError

    user = made(predict_raw=raw, predict_test=raw, predict=lambda self, X: X.upper())
    assert ask(user, "predict", {"strData": "s"}) == {"strData": "S", "meta": {}}
    assert calls == ["raw"]
    assert answered(user, "test")["strData"] == "S"
    assert calls == ["raw", "raw", "raw"]
    assert ask(made(health_status_raw=lambda self: raw(self, 0)), "health_status")["strData"] == "healthy"


def test_a_raw_method_that_fails_does_not_hand_over(ask: Ask) -> None:
    def raw(self: object, message: Any) -> None:
        raise KeyError("raw")

    with pytest.raises(ComponentFailed, match="raw"):
        ask(made(predict_raw=raw, predict=lambda self, X: X), "predict", BODY)


def test_old_hooks_are_called_for_their_own_wire_format_only() -> None:
    user = made(
        predict_rest=lambda self, message: "rest hook",
        predict_grpc=lambda self, message: "grpc hook",
        predict=lambda self, X: X,
    )
    assert answered(user, "rest") == "rest hook"
    assert answered(user, "grpc") == "grpc hook"
    assert answered(user, "other") == {"strData": "s", "meta": {}}


def test_an_old_hook_counts_as_a_method_where_its_wire_is_served() -> None:
    user = made(predict_rest=lambda self, message: "rest hook")
    assert ComponentAdapter(user, wires=("grpc", "rest")).methods == {Method.PREDICT}
    assert ComponentAdapter(user, wires=("grpc",)).methods == frozenset()


class TwoHooks(JsonCodec):
    def hooks(self, method: Method) -> tuple[str, ...]:
        return ("new", "old")

    def hook_argument(self, method: Method, hook: str, parsed: Any) -> str:
        return hook


@pytest.mark.parametrize(("defined", "called"), [("new", "new"), ("old", "old"), ("old new", "new")])
def test_of_several_hooks_the_first_that_is_there_is_called(defined: str, called: str) -> None:
    user = made(**{f"predict_{hook}": lambda self, hook: {"strData": hook} for hook in defined.split()})
    call = Call(Method.PREDICT, b"{}", TwoHooks(Limits()), "test")
    assert json.loads(run_call(ComponentAdapter(user), call)) == {"strData": called}


def test_an_old_hook_goes_before_the_raw_method() -> None:
    user = made(predict_rest=lambda self, message: "hook", predict_raw=lambda self, message: "raw")
    assert answered(user, "rest") == "hook"
    assert answered(user, "grpc") == "raw"


def test_an_old_feedback_hook_gets_text_and_the_raw_method_a_message() -> None:
    def answer(**methods: Callable[..., Any]) -> Any:
        call = Call(Method.SEND_FEEDBACK, b'{"reward": 0.5}', JsonCodec(Limits(), name="rest"), "test")
        found = json.loads(run_call(ComponentAdapter(made(**methods)), call))
        assert call.reward == 0.5
        return found

    assert answer(send_feedback_rest=lambda self, text: json.loads(text)) == {"reward": 0.5}
    assert answer(send_feedback_raw=lambda self, feedback: feedback.reward * 2) == 1.0


def test_raw_feedback_is_checked_before_anyone_sees_it(ask: Ask) -> None:
    with pytest.raises(SeldonError, match="the feedback has an unknown member 'rewrad'"):
        ask(made(send_feedback_raw=lambda self, feedback: feedback), "send_feedback", {"rewrad": 1})


@pytest.mark.parametrize("show", [True, False])
def test_metrics_of_a_raw_answer_are_counted_and_may_be_hidden(show: bool) -> None:
    answer = {"meta": {"metrics": [COUNTER], "puid": "p"}, "strData": "s"}
    call = Call(Method.PREDICT, b"{}", JsonCodec(Limits()), "test")
    component = ComponentAdapter(made(predict_raw=lambda self, message: answer), show_metrics=show)
    shown = json.loads(run_call(component, call))
    assert call.metrics == [Metric("c", "COUNTER", 1.0, {"a": "b"})]
    assert shown == (answer if show else {"meta": {"puid": "p"}, "strData": "s"})
    assert answer["meta"] == {"metrics": [COUNTER], "puid": "p"}


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        ({"metrics": [{"key": "c"}]}, ErrorCode.BAD_METRIC),
        ({"metrics": "many"}, ErrorCode.BAD_METRIC),
        (None, ErrorCode.COMPONENT_FAILED),
        ([], ErrorCode.COMPONENT_FAILED),
    ],
)
def test_a_raw_answer_with_a_bad_meta_is_refused(ask: Ask, meta: Any, code: ErrorCode) -> None:
    with pytest.raises(SeldonError) as caught:
        ask(made(predict_raw=lambda self, message: {"meta": meta}), "predict", BODY)
    assert caught.value.code is code


def test_a_raw_attribute_that_cannot_be_called_is_no_method(ask: Ask) -> None:
    assert ask(made(predict_raw=5, predict=lambda self, X: X), "predict", {"strData": "s"})["strData"] == "s"  # type: ignore[arg-type]
