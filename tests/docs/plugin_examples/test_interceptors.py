"""The interceptors of the pages for plugin authors: a guard, limits, a cache, clipping."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import grpc
import numpy as np
import pytest

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.plugin import Call, Observer, Outcome, StartupError
from seldon_runtime.testing import Background, Gated
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from tests.support.components import ECHO
from tests.support.neutral import message, predict
from tests.support.pages import PLUGINS, Page

PAGE = Page(*PLUGINS)
EXTENSION = "seldon_runtime.extension"


def test_the_guard_refuses_with_a_challenge_over_rest_and_grpc_and_lets_probes_pass(installed) -> None:
    words = ("Echo", "REST,GRPC", "--extension", "guard")
    env = {"SELDON_GUARD_TOKEN": "sesame"}
    process = installed({EXTENSION: {"guard": "acme_guard"}}, *words, source=ECHO, env=env)
    body = {"strData": "x"}
    for given, challenge in (
        ({}, 'Bearer realm="seldon"'),
        ({"Authorization": "Bearer wrong"}, 'Bearer realm="seldon", error="invalid_token"'),
    ):
        refused = process.post("/predict", body, given)
        assert (refused.status, refused.headers["www-authenticate"]) == (401, challenge)
        assert refused.json["status"]["reason"] == "MICROSERVICE_UNAUTHENTICATED"
    good = {"Authorization": "bearer sesame"}
    assert process.post("/predict", body, good).json["strData"] == "x"
    assert process.get("/metadata").status == 401
    assert process.get("/metadata", **good).status == 200
    assert process.get("/health/live").status == 200
    with process.grpc_client() as client:
        with pytest.raises(grpc.RpcError) as caught:
            client.predict("x")
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert ("www-authenticate", 'Bearer realm="seldon"') in [
            tuple(m) for m in caught.value.trailing_metadata()
        ]
        assert client.predict("x", [("authorization", "Bearer sesame")]) == "x"


def test_the_guard_refuses_while_the_component_is_busy(make_service) -> None:
    gated = Gated()
    service = make_service(gated)
    service.attach([], [PAGE.module("acme_guard").BearerGuard("sesame")])
    good = {"authorization": "Bearer sesame"}
    running = Background(lambda: service.call(predict(message("wait"), headers=good)))
    gated.wait_until_entered()
    with pytest.raises(SeldonError) as caught:
        service.call(predict(message("x"), headers={"authorization": "Bearer 日本"}))
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    gated.open()
    assert running.outcome.payload.value == "wait"


def test_a_guard_without_a_token_stops_the_start() -> None:
    with pytest.raises(StartupError, match="SELDON_GUARD_TOKEN"):
        PAGE.module("acme_guard").seldon_interceptor({"guard_token": ""})


def test_the_limiter_says_truly_when_to_try_again() -> None:
    module = PAGE.module("acme_limiter")
    clock = SimpleNamespace(monotonic=lambda: now)
    module.time = clock
    limiter = module.RateLimiter(0.25, 2)
    now = 100.0
    codes = set()

    def admit(client: str) -> str | None:
        """Return the seconds to wait; None for a call that was let in."""
        call = predict(None, headers={"authorization": client})
        try:
            limiter.admit(call)
        except SeldonError as error:
            codes.add(error.code)
            return error.headers["Retry-After"]
        return None

    assert [admit("a"), admit("a"), admit("a"), admit("a"), admit("b")] == [None, None, "4", "4", None]
    now += 3.9
    assert admit("a") == "1"
    now += 0.1
    assert [admit("a"), admit("a")] == [None, "4"]
    assert codes == {ErrorCode.RATE_LIMITED}
    now += 1000
    assert [admit("a"), admit("a"), admit("a")] == [None, None, "4"]


def test_the_limiter_forgets_clients_and_tells_those_it_lets_in_what_is_left(make_service) -> None:
    module = PAGE.module("acme_limiter")
    module.MOST_CLIENTS = 2
    limiter = module.RateLimiter(0.001, 2)
    for client in "abc":
        limiter.admit(predict(None, headers={"authorization": client}))
    assert list(limiter._buckets) == ["b", "c"]
    call = predict(None, headers={"authorization": "c"})
    limiter.admit(call)
    assert call.response_headers == {"X-RateLimit-Remaining": "0"}


def test_the_limits_of_the_page_reach_clients_as_headers(installed) -> None:
    words = ("Echo", "REST", "--extension", "limiter", "--limit-rate", "0.01", "--limit-burst", "1")
    process = installed({EXTENSION: {"limiter": "acme_limiter"}}, *words, source=ECHO)
    good, refused = (process.post("/predict", {"strData": "x"}) for _ in range(2))
    assert (good.status, good.headers["x-ratelimit-remaining"]) == (200, "0")
    assert (refused.status, int(refused.headers["retry-after"])) == (429, pytest.approx(100, abs=2))


def test_calls_under_way_are_bounded_and_ended_ones_make_room(make_service) -> None:
    gated = Gated()
    service = make_service(gated)
    at_once = PAGE.module("acme_limiter").AtOnce(1)
    service.attach([], [at_once])
    running = Background(lambda: service.call(predict(message("wait"))))
    gated.wait_until_entered()
    with pytest.raises(SeldonError, match="under way"):
        service.call(predict(message("x")))
    gated.open()
    assert running.outcome.payload.value == "wait"
    assert service.call(predict(message("x"))).payload.value == "x"
    assert not at_once._under_way


def test_the_cache_answers_with_the_clients_own_id_and_counts_metrics_once(make_service) -> None:
    class Counts:
        table = np.zeros((1, 1))

        def predict(self, X, features_names):
            self.table += 1
            return self.table

        def metrics(self):
            return [{"type": "COUNTER", "key": "predictions", "value": 1}]

    counted = []

    class Seen(Observer):
        def call_finished(self, call: Call, outcome: Outcome) -> None:
            counted.append(len(call.metrics))

    service = make_service(Counts())
    service.attach([Seen()], [PAGE.module("acme_cache").Cache(2)])

    def ask(value: Any, puid: str, **meta: Any) -> tuple[float, Any]:
        answer = service.call(predict(message(value, puid=puid, **meta)))
        return float(np.asarray(answer.payload.value)[0][0]), answer.meta.puid

    assert ask([[1.0]], "a") == (1, "a")
    assert ask([[1]], "b") == (2, "b")
    assert ask([[1.0]], "c") == (1, "c")  # though user code has altered its array
    assert ask([[1.0]], "d", tags={"model": "b"}) == (3, "d")
    assert ask([[1]], "e") == (4, "e")  # the least recently used one is gone
    assert counted == [1, 1, 0, 1, 1]


def test_the_cache_tells_long_arrays_apart(make_service) -> None:
    service = make_service(type("Sum", (), {"predict": lambda self, X, names: [[float(X.sum())]]})())
    service.attach([], [PAGE.module("acme_cache").Cache(10)])
    for last in (1, 2):
        rows = [0] * 2500 + [last] + [0] * 2499
        assert service.call(predict(message([rows]))).payload.value == [[float(last)]]


def test_requests_and_answers_are_clipped_on_any_wire(installed) -> None:
    words = ("Echo", "REST,GRPC", "--extension", "clip")
    process = installed({EXTENSION: {"clip": "acme_clipping"}}, *words, source=ECHO)
    answer = process.post("/predict", {"data": {"ndarray": [[-1, 0.5, 2]]}}).json
    assert answer["data"]["ndarray"] == [[0, 0.5, 1]]
    assert answer["meta"] == {"tags": {"clipped": True}}
    for other in ({"strData": "x"}, {"data": {"ndarray": [["x"]]}}, {"jsonData": {"x": 1}}):
        assert process.post("/predict", other).status == 200
    request = SeldonMessage()
    request.data.tensor.shape.append(2)
    request.data.tensor.values.extend([-1, 2])
    with process.grpc_client() as client:
        answered = client.call("Model/Predict", request)
    assert list(answered.data.tensor.values) == [0, 1]
    assert answered.meta.tags["clipped"].bool_value
