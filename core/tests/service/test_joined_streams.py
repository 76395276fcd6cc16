"""Streams for a transport that cannot send them: their items are joined."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.testing import wait_until

from .streams import Counts, Sees, Streams, call

Serve = Callable[..., ComponentService]


def test_a_transport_that_cannot_send_a_stream_gets_the_items_joined(serve: Serve) -> None:
    counts, sees = Counts(3), Sees()
    service = serve(Streams(counts))
    service.attach([sees])
    answer = service.call(call(accepts_stream=False, request_id="r"))
    assert answer.payload.value == "0 r1 r2 r"
    assert counts.closed == 1
    assert [outcome.error for outcome in sees.outcomes] == [None]


def test_a_stream_that_fails_while_it_is_joined_fails_the_call_once(serve: Serve) -> None:
    counts, sees = Counts(3, fails_at=1), Sees()
    service = serve(Streams(counts))
    service.attach([sees])
    with pytest.raises(SeldonError) as caught:
        service.call(call(accepts_stream=False))
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert counts.closed == 1
    assert [outcome.error for outcome in sees.outcomes] == [caught.value]


def test_the_deadline_ends_a_stream_that_is_joined(serve: Serve) -> None:
    counts = Counts(10**9)
    service = serve(Streams(counts))
    with pytest.raises(SeldonError) as caught:
        service.call(call(accepts_stream=False, deadline=time.monotonic() + 0.05))
    assert caught.value.code is ErrorCode.DEADLINE_EXCEEDED
    wait_until(lambda: counts.closed == 1, "the stream to be closed")
