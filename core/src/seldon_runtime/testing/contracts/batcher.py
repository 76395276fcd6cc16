"""The contract suite of batchers."""

from __future__ import annotations

import gc
import json
import math
import weakref
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.service import Service
from seldon_runtime.testing.components import Yielding
from seldon_runtime.testing.contracts.held_calls import AwaitedRows, Held, Means, Rows
from seldon_runtime.testing.contracts.transport.answers import META, PAYLOADS, REQUESTS
from seldon_runtime.testing.parity import assert_same_answer
from seldon_runtime.testing.served import Services

_CALLS = 6
_CLIENTS = 8
_UNLUCKY = {"data": {"ndarray": [[13.0, 2.0]]}}
"""A request that ``Rows`` refuses."""
_MIXED: Sequence[Any] = (
    *PAYLOADS.values(),
    {"data": {"ndarray": [[1.5, 2]]}},
    {"data": {"ndarray": [[1, 2]]}},
    {"data": {"ndarray": [[1, 2, 3]]}},
    {"data": {"ndarray": [1, 2]}},
    {"data": {"ndarray": [["a", 1], ["b", 2]]}},
    {"data": {"names": ["c", "d"], "ndarray": [[5, 6]]}},
    {"data": {"tensor": {"shape": [1, 2], "values": [7, 8]}}},
    {"data": {"tensor": {"shape": [2, 1, 2], "values": [1, 2, 3, 4]}}},
    {"data": {"ndarray": [[]]}},
)
"""Requests of which some fit together, and most do not."""


Hold = Callable[[object], Held]


class BatcherContract:
    """The contract of batchers. Subclass it as ``TestMyBatcher`` and define :meth:`make_batcher`.

    Each caller must receive what a call of its own would have given. Needs the fixtures of
    ``seldon_runtime.testing.fixtures``.
    """

    splits_errors: bool = True
    """True if a request that fails leaves the others of its batch alone."""

    @abstractmethod
    def make_batcher(self, service: Service) -> Batcher:
        """Return a new batcher of rows, as the plugin's ``seldon_batcher`` does."""

    def batched(self, service: ComponentService) -> ComponentService:
        """Return the service with a new batcher."""
        service.batch(self.make_batcher(service))
        return service

    @pytest.fixture
    def hold(self, make_service: Services) -> Iterator[Hold]:
        """``hold(user)``: a held service of a user's object with a new batcher."""
        made: list[Held] = []

        def hold(user: object) -> Held:
            made.append(Held(self.batched(make_service(user))))
            return made[-1]

        yield hold
        for held in made:
            held.release()

    def make_call(self, request: Any, method: Method = Method.PREDICT) -> Call:
        """Return a call as a transport makes it."""
        return Call(method, json.dumps(request).encode(), JsonCodec(Limits()), "test")

    def alone(self, service: Service, request: Any, method: Method = Method.PREDICT) -> Any:
        """Return the answer of a call, or its error."""
        try:
            return json.loads(service.call(self.make_call(request, method)))
        except SeldonError as error:
            return error

    def assert_as_alone(self, service: Service, requests: Sequence[Any], found: Sequence[Any]) -> None:
        """Check that each outcome is that of a single call to a service without a batcher."""
        for request, outcome in zip(requests, found, strict=True):
            expected = self.alone(service, request)
            if isinstance(expected, SeldonError):
                assert isinstance(outcome, SeldonError), outcome
                assert (outcome.code, outcome.message) == (expected.code, expected.message)
            else:
                assert isinstance(outcome, dict), outcome
                assert_same_answer(expected, outcome)

    def test_its_sizes_are_valid(self, make_service: Services) -> None:
        batcher = self.make_batcher(make_service(Rows()))
        assert isinstance(batcher.max_size, int)
        assert batcher.max_size > 0
        assert math.isfinite(batcher.max_wait_s)
        assert batcher.max_wait_s >= 0

    def test_calls_that_wait_share_a_call_of_the_method(self, hold: Hold, make_service: Services) -> None:
        user = Rows()
        held = hold(user)
        requests = [{"data": {"ndarray": [[float(number), 0.0]]}} for number in range(_CALLS)]
        for request in requests:
            held.submit(self.make_call(request))
        self.assert_as_alone(make_service(Rows()), requests, held.answers())
        assert user.calls < _CALLS

    def test_whatever_waits_together_has_the_answers_that_it_has_alone(
        self, hold: Hold, make_service: Services
    ) -> None:
        held = hold(Rows())
        requests = [*_MIXED, *reversed(_MIXED)]
        for request in requests:
            held.submit(self.make_call(request))
        self.assert_as_alone(make_service(Rows()), requests, held.answers())

    def test_a_call_alone_is_answered(self, make_service: Services) -> None:
        requests = [PAYLOADS[Kind.NDARRAY]]
        found = [self.alone(self.batched(make_service(Rows())), requests[0])]
        self.assert_as_alone(make_service(Rows()), requests, found)

    def test_meta_is_each_callers_own(self, hold: Hold, make_service: Services) -> None:
        held = hold(Rows())
        rows = {"data": {"ndarray": [[1.0, 2.0]]}}
        metas = [{**META, "puid": str(number)} for number in range(_CALLS)]
        metas += [{"puid": "other", "tags": {"number": number}} for number in range(_CALLS)]
        requests = [rows, *({**rows, "meta": meta} for meta in metas), rows]
        for request in requests:
            held.submit(self.make_call(request))
        self.assert_as_alone(make_service(Rows()), requests, held.answers())

    def test_a_request_that_fails_does_not_fail_the_others(self, hold: Hold, make_service: Services) -> None:
        if not self.splits_errors:
            pytest.skip("an error fails its batch")
        held = hold(Rows())
        requests = [{"data": {"ndarray": [[float(number), 2.0]]}} for number in range(_CALLS)]
        requests.insert(2, _UNLUCKY)
        for request in requests:
            held.submit(self.make_call(request))
        self.assert_as_alone(make_service(Rows()), requests, held.answers())

    def test_a_malformed_request_fails_alone(self, hold: Hold, make_service: Services) -> None:
        held = hold(Rows())
        good = PAYLOADS[Kind.NDARRAY]
        bad = self.make_call(good)
        bad.wire = b"rubbish"
        for call in (self.make_call(good), bad, self.make_call(good)):
            held.submit(call)
        first, malformed, last = held.answers()
        self.assert_as_alone(make_service(Rows()), [good, good], [first, last])
        assert malformed.code is ErrorCode.BAD_DATA

    def test_answers_without_a_row_for_each_row_are_not_mixed_up(
        self, hold: Hold, make_service: Services
    ) -> None:
        """Check that each caller receives its own answer or an error."""
        held = hold(Means())
        requests = [{"data": {"ndarray": [[float(number), 0.0]]}} for number in range(_CALLS)]
        for request in requests:
            held.submit(self.make_call(request))
        service = make_service(Means())
        for request, outcome in zip(requests, held.answers(), strict=True):
            if not isinstance(outcome, SeldonError):
                self.assert_as_alone(service, [request], [outcome])

    @pytest.mark.parametrize("method", REQUESTS, ids=lambda method: method.value)
    def test_calls_of_every_method_have_the_answers_that_they_have_alone(
        self, hold: Hold, make_service: Services, method: Method
    ) -> None:
        held = hold(Rows())
        for _ in range(2):
            held.submit(self.make_call(REQUESTS[method], method))
            held.submit(self.make_call(REQUESTS[Method.PREDICT]))
        expected = self.alone(make_service(Rows()), REQUESTS[method], method)
        for found in held.answers()[::2]:
            assert type(found) is type(expected), found
            if isinstance(expected, SeldonError):
                assert (found.code, found.message) == (expected.code, expected.message)
            else:
                assert_same_answer(expected, found)

    def test_arrays_by_name_have_the_answers_that_they_have_alone(self, hold: Hold) -> None:
        held = hold(Rows())
        given = [{"a": np.array([[number, 0]]), "b": np.array([number])} for number in range(_CALLS)]
        for arrays in given:
            held.submit(Call(Method.PREDICT, Message(Payload(Kind.ARRAYS, arrays)), NeutralCodec(), "test"))
        for arrays, answer in zip(given, held.answers(), strict=True):
            assert isinstance(answer, Message), answer
            assert answer.payload is not None
            assert {name: array.tolist() for name, array in answer.payload.value.items()} == {
                name: (array // 2).tolist() for name, array in arrays.items()
            }

    def test_calls_of_an_async_class_have_the_answers_that_they_have_alone(
        self, hold: Hold, make_service: Services
    ) -> None:
        held = hold(AwaitedRows())
        requests = [*_MIXED, _UNLUCKY] if self.splits_errors else _MIXED
        for request in requests:
            held.submit(self.make_call(request))
        self.assert_as_alone(make_service(AwaitedRows()), requests, held.answers())

    def test_a_method_that_yields_is_answered(self, hold: Hold, make_service: Services) -> None:
        held = hold(Yielding())
        requests = [{"strData": "abc"}, *[{"data": {"ndarray": [[1.0], [2.0]]}}] * 2]
        for request in requests:
            held.submit(self.make_call(request))
        self.assert_as_alone(make_service(Yielding()), requests, held.answers())

    def test_calls_of_many_clients_are_not_mixed_up(self, make_service: Services) -> None:
        service = self.batched(make_service(Rows()))

        def client(number: int) -> list[Any]:
            pairs = [(2.0 * number, 100.0 + call) for call in range(_CALLS)]
            found = [self.alone(service, {"data": {"ndarray": [pair]}}) for pair in pairs]
            return [
                answer
                for answer, (first, second) in zip(found, pairs, strict=True)
                if _rows(answer) != [[first / 2, second / 2]]
            ]

        with ThreadPoolExecutor(_CLIENTS) as pool:
            assert list(pool.map(client, range(_CLIENTS))) == [[]] * _CLIENTS

    def test_cancelled_calls_change_no_other_answer(self, hold: Hold, make_service: Services) -> None:
        held = hold(Rows())
        requests = [{"data": {"ndarray": [[float(number), 2.0]]}} for number in range(_CALLS)]
        calls = [held.submit(self.make_call(request)) for request in requests]
        calls[0].cancelled = calls[3].cancelled = True
        found = held.answers()
        for place in (0, 3):
            assert isinstance(found[place], SeldonError)
            assert found[place].code is ErrorCode.CANCELLED
        kept = [place for place in range(_CALLS) if place not in (0, 3)]
        service = make_service(Rows())
        self.assert_as_alone(service, [requests[p] for p in kept], [found[p] for p in kept])

    def test_no_request_is_held_on_to_once_it_is_answered(self, make_service: Services) -> None:
        service = self.batched(make_service(Rows()))
        watched = []
        for number in range(3):
            array = np.full((1, 2), float(number))
            watched.append(weakref.ref(array))
            service.call(Call(Method.PREDICT, Message(Payload(Kind.NDARRAY, array)), NeutralCodec(), "test"))
            del array
        self.alone(service, PAYLOADS[Kind.NDARRAY])
        service.executor.run(lambda: None)
        gc.collect()
        assert [reference() is None for reference in watched] == [True] * 3


def _rows(answer: Any) -> Any:
    return answer["data"]["ndarray"] if isinstance(answer, dict) else answer
