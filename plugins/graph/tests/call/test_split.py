"""The split of calls between predictors, and the shadow's copy."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from seldon_runtime.plugin import (
    TENSOR,
    Call,
    Feedback,
    Message,
    Meta,
    Method,
    NeutralCodec,
    Payload,
    SeldonError,
)
from seldon_runtime_graph.call.split import SHADOW, Split


def graph(name, traffic=0, shadow=False):
    return SimpleNamespace(predictor=SimpleNamespace(name=name, traffic=traffic, shadow=shadow))


def call():
    return Call(Method.PREDICT, None, NeutralCodec(), "rest", headers={"a": "b"})


def request():
    return Message(Payload(TENSOR, np.array([[1.0]])))


def feedback(routing):
    return Feedback(response=Message(None, Meta(routing=routing)))


def test_calls_follow_the_traffic_and_the_routing_tells_the_predictor():
    split = Split([graph("main", 75), graph("canary", 25)], "shop")
    seen = Counter()
    for _ in range(400):
        routing = {}
        chosen = split.choose(call(), request(), routing, None)
        assert chosen.predictor.name == ["main", "canary"][routing["shop"]]
        seen[chosen.predictor.name] += 1
    assert 200 < seen["main"] < 380
    assert split.main.predictor.name == "main"


def test_a_predictor_without_traffic_receives_no_call():
    split = Split([graph("main", 0), graph("canary", 100)], "shop")
    assert {split.choose(call(), request(), {}, None).predictor.name for _ in range(50)} == {"canary"}


def test_one_predictor_answers_all_calls_without_an_entry():
    routing = {}
    split = Split([graph("main", shadow=True)], "shop")
    assert split.choose(call(), request(), routing, None).predictor.name == "main"
    assert split.of_feedback(feedback({})).predictor.name == "main"
    assert routing == {}


def test_feedback_goes_to_the_predictor_of_the_answer():
    split = Split([graph("main", 50), graph("canary", 50)], "shop")
    assert split.of_feedback(feedback({"shop": 1})).predictor.name == "canary"
    assert split.of_feedback(feedback({"shop": 0.0})).predictor.name == "main"
    assert {split.of_feedback(feedback({})).predictor.name for _ in range(99)} == {"main", "canary"}
    assert split.of_feedback(Feedback()).predictor.name in ("main", "canary")
    for wrong in (2, -1, True, "1"):
        with pytest.raises(SeldonError, match=r"response.meta.routing\['shop'\] is .*, expected 0 to 1"):
            split.of_feedback(feedback({"shop": wrong}))


def test_the_shadow_receives_a_copy_and_its_answer_is_dropped():
    submitted = []
    split = Split([graph("main", 100), graph("copy", 100, shadow=True)], "shop")
    given = request()
    chosen = split.choose(call(), given, {}, lambda *words: submitted.append(words))
    assert chosen.predictor.name == "main"
    ((copy, done),) = submitted
    assert copy.transport == SHADOW
    assert copy.headers == {"a": "b"}
    assert copy.wire.payload.value is not given.payload.value
    done("answer", None)
    done(None, SeldonError("the shadow's own"))
    assert split.choose(copy, copy.wire, {}, None).predictor.name == "copy"
