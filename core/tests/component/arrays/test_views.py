"""Classes that write into arrays of a request that are views of its body."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed, SeldonError
from seldon_runtime.inference.message import ARRAYS, Message, Payload
from seldon_runtime.inference.method import Method


def adapter(user: object) -> ComponentAdapter:
    made = ComponentAdapter(user)
    made.load()
    made.metadata()
    return made


def view(*values: float) -> Any:
    """An array that cannot be written into, as V2 makes it of binary data."""
    return np.frombuffer(np.array(values, np.float32).tobytes(), np.float32)


class Writes:
    """Counts its calls, and writes into its argument."""

    calls = 0

    def predict(self, X: Any, names: Any) -> Any:
        self.calls += 1
        X[0] = 9
        return X


class InferWrites:
    calls = 0

    def infer(self, inputs: Any) -> Any:
        self.calls += 1
        inputs["x"][0] = 9
        return inputs


@pytest.mark.parametrize("kind", [Writes, InferWrites])
def test_a_class_that_writes_into_views_receives_copies_from_then_on(
    kind: type[Any], caplog: pytest.LogCaptureFixture
) -> None:
    user = kind()
    made, array = adapter(user), view(1, 2)
    for calls in (2, 3):
        payload = Payload(ARRAYS, {"x": array}, [])
        answer = made.answer(Method.PREDICT, Message(payload))
        assert isinstance(answer, Message)
        assert answer.payload is not None
        (found,) = answer.payload.value.values()
        assert (found.tolist(), user.calls) == ([9, 2], calls)
    assert array.tolist() == [1, 2]
    (record,) = caplog.records
    assert "writes into the arrays that it receives" in record.getMessage()


def test_copies_that_do_not_help_are_tried_once() -> None:
    class WritesItsOwn:
        calls = 0
        own = view(1)

        def predict(self, X: Any, names: Any) -> Any:
            self.calls += 1
            self.own[0] = 1

    user = WritesItsOwn()
    made = adapter(user)
    for calls in (2, 3):
        with pytest.raises(ComponentFailed, match=r"copy what you change, such as X = X\.copy\(\)"):
            made.answer(Method.PREDICT, Message(Payload(ARRAYS, {"x": view(1)}, [])))
        assert user.calls == calls


@pytest.mark.parametrize("refusal", [SeldonError("negative"), ValueError("negative")])
def test_copies_have_helped_if_the_class_refuses_the_request_that_it_has_written_into(
    refusal: Exception,
) -> None:
    class Refuses:
        calls = 0

        def predict(self, X: Any, names: Any) -> Any:
            self.calls += 1
            X *= 2
            if X[0] < 0:
                raise refusal
            return X

    user = Refuses()
    made = adapter(user)
    with pytest.raises(SeldonError, match="negative"):
        made.answer(Method.PREDICT, Message(Payload(ARRAYS, {"x": view(-1)}, [])))
    answer = made.answer(Method.PREDICT, Message(Payload(ARRAYS, {"x": view(1)}, [])))
    assert isinstance(answer, Message)
    assert answer.payload is not None
    assert [array.tolist() for array in answer.payload.value.values()] == [[2]]
    assert user.calls == 3


def test_copies_that_do_not_help_one_method_are_tried_for_another() -> None:
    class Mixed:
        own = view(1)

        def predict(self, X: Any, names: Any) -> Any:
            self.own[0] = 1

        def transform_input(self, X: Any, names: Any) -> Any:
            X[0] = 9
            return X

    made = adapter(Mixed())
    with pytest.raises(ComponentFailed, match="read-only"):
        made.answer(Method.PREDICT, Message(Payload(ARRAYS, {"x": view(1)}, [])))
    answer = made.answer(Method.TRANSFORM_INPUT, Message(Payload(ARRAYS, {"x": view(1)}, [])))
    assert isinstance(answer, Message)
    assert answer.payload is not None
    assert [array.tolist() for array in answer.payload.value.values()] == [[9]]


def test_a_method_that_fails_with_writeable_arrays_is_not_called_again() -> None:
    class Fails:
        calls = 0
        own = view(1)

        def predict(self, X: Any, names: Any) -> Any:
            self.calls += 1
            self.own[0] = 1

    user = Fails()
    with pytest.raises(ComponentFailed, match="assignment destination is read-only"):
        adapter(user).answer(Method.PREDICT, Message(Payload(ARRAYS, {"x": np.array([1.5])}, [])))
    assert user.calls == 1


def test_a_generator_that_writes_into_a_view_says_what_to_do() -> None:
    class Streams:
        def predict(self, X: Any, names: Any) -> Any:
            X[0] = 9
            yield X

    stream: Any = adapter(Streams()).answer(Method.PREDICT, Message(Payload(ARRAYS, {"x": view(1)}, [])))
    with pytest.raises(ComponentFailed, match=r"read-only.*copy what you change, such as X = X\.copy\(\)"):
        stream.next()
