"""The limits of a service of several components: deadlines, full queues, memory, and its end."""

from __future__ import annotations

from typing import Any

from seldon_runtime.errors import ErrorCode
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing import Background, Gated, wait_until

from .chains import Notes, Sees, answered, call, failed


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
