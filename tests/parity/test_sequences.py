"""An answer does not depend on earlier calls, although codecs remember earlier requests and answers."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from seldon_runtime import Response
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.protocols.non_finite import NonFinite

from .sequences import (
    Endpoints,
    Make,
    Request,
    Scripted,
    forget,
    fresh_answer,
    v1_json,
    v1_tensor,
    v2_binary,
    v2_json,
    v2_raw,
    v2_typed,
)

Array = NDArray[Any]
MATRIX = np.arange(4.0).reshape(2, 2)
BINARY = {"parameters": {"binary_data": True}}
REQUESTS: Mapping[str, Request] = {
    "ndarray": v1_json(data={"ndarray": [[1.0, 2.0], [3.0, 4.0]]}),
    "tensor": v1_json(data={"tensor": {"shape": [2, 2], "values": [1, 2, 3, 4]}}),
    "tftensor": v1_json(
        data={
            "tftensor": {
                "dtype": "DT_DOUBLE",
                "tensorShape": {"dim": [{"size": 1}, {"size": 2}]},
                "doubleVal": [1, 2],
            }
        }
    ),
    "strData": v1_json(strData="x"),
    "jsonData": v1_json(jsonData={"a": [1]}),
    "gRPC tensor": v1_tensor([2, 2], [1, 2, 3, 4]),
    "gRPC tensor with names": v1_tensor([2, 2], [1, 2, 3, 4], ["a", "b"]),
    "V2 JSON": v2_json("FP64", [2, 2], [1.0, 2, 3, 4]),
    "V2 JSON in rows": v2_json("FP64", [2, 2], [[1.0, 2], [3, 4]]),
    "V2 JSON with an id": v2_json("FP64", [2, 2], [1.0, 2, 3, 4], id="i"),
    "V2 JSON for an output": v2_json("FP64", [2, 2], [1.0, 2, 3, 4], outputs=[{"name": "output-0"}]),
    "V2 JSON for binary data": v2_json(
        "FP64", [2, 2], [1.0, 2, 3, 4], outputs=[{"name": "output-0", **BINARY}]
    ),
    "V2 binary": v2_binary("FP64", MATRIX),
    "V2 binary for JSON": v2_binary("FP64", MATRIX, parameters={}),
    "V2 binary for two outputs": v2_binary("FP64", MATRIX, outputs=[{"name": "a", **BINARY}, {"name": "b"}]),
    "V2 raw": v2_raw("FP64", MATRIX),
    "V2 raw with an id": v2_raw("FP64", MATRIX, "id"),
    "V2 typed": v2_typed(MATRIX),
}


class Color(enum.StrEnum):
    RED = "red"


def _raise(error: Exception) -> Make:
    def fail() -> Any:
        raise error

    return fail


LAYOUTS: Mapping[str, Any] = {
    "whole": lambda array: array,
    "Fortran": np.asfortranarray,
    "reversed": lambda array: array[::-1],
    "column": lambda array: array[..., 0] if array.ndim else array,
    "step": lambda array: np.repeat(array, 2, axis=0)[::2] if array.ndim else array,
    "broadcast": lambda array: np.broadcast_to(array, (2, *array.shape)),
    "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "unaligned": lambda array: np.frombuffer(b"x" + array.tobytes(), array.dtype, array.size, 1).reshape(
        array.shape
    ),
    "large": lambda array: np.resize(array, (600, 2)),
    "large step": lambda array: np.resize(array, (1200, 2))[::2],
    "masked": lambda array: np.ma.array(array, mask=np.arange(array.size).reshape(array.shape) % 2),
    "matrix": lambda array: array.view(np.matrix) if array.ndim == 2 else array,
}
DTYPES = ["<f8", ">f8", "<f4", "<f2", ">f2", "g", "<i8", ">i4", "i1", "u1", "<u2", "<u8", "?", "q", "U2", "O"]
ODD: Mapping[str, Make] = {
    "NaN": lambda: np.array([[np.nan, 1.0], [2, 3]]),
    "NaN in 16 bits": lambda: np.array([[np.nan, 1.0], [2, 3]], "f2"),
    "infinity": lambda: np.array([[np.inf, 1.0], [2, 3]]),
    "negative zero": lambda: np.array([[-0.0, 1.0], [2, 3]]),
    "beyond 63 bits": lambda: np.array([[2**64 - 1, 2**63]], "u8"),
    "structured": lambda: np.array([(1, 2.0), (3, 4.0)], [("a", "i1"), ("b", "f8")]),
    "field": lambda: np.array([(1, 2.0), (3, 4.0)], [("a", "i1"), ("b", "f8")])["b"],
    "described dtype": lambda: np.ones((2, 2), np.dtype("f8", metadata={"a": 1})),
    "complex": lambda: np.ones((2, 2), "c16"),
    "dates": lambda: np.array(["2020-01-01"], "M8[s]"),
    "list": lambda: [[1.0, 2], [3, 4]],
    "ragged list": lambda: [[1, 2], [3]],
    "mixed list": lambda: [["a", 1, None, True]],
    "True": lambda: True,
    "1": lambda: 1,
    "1.0": lambda: 1.0,
    "text": lambda: "t",
    "bytes": lambda: b"\xff\x00",
    "None": lambda: None,
    "exception": _raise(ValueError("boom")),
    "refusal": _raise(SeldonError("no", code=ErrorCode.FORBIDDEN)),
    "named output": lambda: {"a": np.ones((2, 2))},
    "two outputs": lambda: {"a": np.ones((2, 2)), "b": np.ones(2)},
    "usual name": lambda: {"output-0": np.ones((2, 2))},
    "key True": lambda: {True: np.ones((2, 2))},
    "key 1": lambda: {1: np.ones((2, 2))},
    "key 1.0": lambda: {1.0: np.ones((2, 2))},
    "key of an enum": lambda: {Color.RED: np.ones((2, 2))},
    "key of its value": lambda: {"red": np.ones((2, 2))},
    "key None": lambda: {None: np.ones((2, 2))},
    "long key": lambda: {"n" * 5000: np.ones((2, 2))},
    "half a surrogate pair": lambda: {"\ud800": np.ones((2, 2))},
    "no outputs": dict,
    "Response": lambda: Response(np.ones((2, 2))),
    "tags": lambda: Response(np.ones((2, 2)), {"t": 1}),
    "headers": lambda: Response(np.ones((2, 2)), headers={"X-A": "b"}),
    "metrics": lambda: Response(np.ones((2, 2)), None, [{"key": "k", "type": "GAUGE", "value": 1}]),
}


def laid_out(dtype: str, layout: str) -> Make:
    return lambda: LAYOUTS[layout](MATRIX.astype(dtype))


RESULTS: Mapping[str, Make] = {
    **ODD,
    **{f"<f8 {layout}": laid_out("<f8", layout) for layout in LAYOUTS},
    **{f"{dtype} {layout}": laid_out(dtype, layout) for dtype in DTYPES for layout in ("whole", "column")},
}


class Renames(Scripted):
    """Changes its names with each call, to those of the request."""

    class_names: Any = None

    def predict(self, X: Any, features_names: Any, meta: Any = None) -> Any:
        self.class_names = list(features_names) if features_names else None
        return super().predict(X, features_names, meta)


class Declares(Scripted):
    def init_metadata(self) -> dict[str, Any]:
        return {
            "versions": ["1"],
            "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 2]}],
            "outputs": [{"name": "o", "datatype": "FP32", "shape": [-1, 2]}],
        }


class Tags(Scripted):
    def tags(self) -> dict[str, int]:
        return {"n": len(self.seen)}


class Infers(Scripted):
    def infer(self, inputs: dict[str, Any], parameters: Any) -> Any:
        (X,) = inputs.values()
        return self.predict(X, list(inputs), parameters)


USERS: list[type[Scripted]] = [Scripted, Renames, Declares, Tags, Infers]


@pytest.mark.parametrize("name", REQUESTS)
def test_every_result_has_the_same_answer_each_time(name: str) -> None:
    request = REQUESTS[name]
    forget()
    endpoints = Endpoints(Scripted())
    answers = {word: [endpoints.answer(request, make) for _ in range(3)] for word, make in RESULTS.items()}
    for word, make in RESULTS.items():
        expected = fresh_answer(Scripted, request, make)
        assert answers[word] == [expected] * 3, word


def shaped(dtype: str) -> st.SearchStrategy[Array]:
    elements = st.integers(0, 9) if dtype[-1] != "?" else st.booleans()
    return npst.arrays(
        dtype, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), elements=elements
    )


def requests_of(dtype: str, name: str) -> st.SearchStrategy[Request]:
    """Requests with arrays of one type, which differ in numbers, shape and what stands beside them."""
    arrays = shaped(dtype)
    ids = st.sampled_from([{}, {}, {"id": "i"}, {"parameters": {}}])
    whole = [
        st.builds(lambda array, more: v2_binary(name, array, **more), arrays, ids),
        st.builds(
            lambda array, more: v2_json(name, array.shape, array.ravel().tolist(), **more), arrays, ids
        ),
        st.builds(lambda array: v2_json(name, array.shape, array.tolist()), arrays),
        st.builds(lambda array, given: v2_raw(name, array, given.get("id", "")), arrays, ids),
        st.builds(v2_typed, arrays),
        st.builds(
            lambda array, names, puid: v1_tensor(array.shape, array.ravel(), names, puid=puid),
            arrays,
            st.sampled_from([(), ("a",), ("a", "b")]),
            st.sampled_from(["", "p"]),
        ),
    ]
    return st.one_of(*whole, *(st.builds(damaged, each, st.integers(-2, 2)) for each in whole))


def damaged(request: Request, more: int) -> Request:
    """Return a request that has lost bytes at its end, or has some more."""
    return replace(request, wire=request.wire[:more] if more < 0 else request.wire + b"\0" * more)


PAIRS = [("<f8", "FP64"), ("<f4", "FP32"), ("<f2", "FP16"), ("i1", "INT8"), ("<u8", "UINT64"), ("?", "BOOL")]
usual = st.sampled_from([*REQUESTS.values()])
results = st.one_of(
    st.sampled_from([*ODD.values()]),
    st.builds(laid_out, st.sampled_from(DTYPES[:-2]), st.sampled_from([*LAYOUTS])),
)


@given(data=st.data())
def test_no_answer_depends_on_the_calls_before_it(data: st.DataObject) -> None:
    user, policy = data.draw(st.sampled_from(USERS)), data.draw(st.sampled_from(NonFinite))
    drawn = st.one_of(usual, requests_of(*data.draw(st.sampled_from(PAIRS))))
    few = st.sampled_from(data.draw(st.lists(drawn, min_size=1, max_size=3)))
    makes = st.sampled_from(data.draw(st.lists(results, min_size=1, max_size=3)))
    calls = data.draw(st.lists(st.tuples(few, makes), min_size=3, max_size=8))
    forget()
    endpoints = Endpoints(user(), policy)
    answers = [endpoints.answer(*call) for call in calls]
    for (request, make), answer in zip(calls, answers, strict=True):
        assert answer == fresh_answer(user, request, make, policy)


def test_threads_that_share_the_memory_of_codecs_have_the_answers_of_their_own_calls() -> None:
    forget()
    known = Endpoints(Scripted())
    plain = [request for name, request in REQUESTS.items() if name != "V2 binary for two outputs"]
    many = [v2_json("FP64", [2], [1, number]) for number in range(8)]
    many += [v2_raw("FP64", np.full(size, 1.0)) for size in range(1, 280)]
    many += [v2_binary("FP64", np.full(size, 1.0)) for size in range(1, 280)]
    many += [v1_tensor([size], [1.0] * size) for size in range(1, 280)]

    def answers(seed: int) -> list[Any]:
        mine = sharing(known)
        order = np.random.default_rng(seed).permutation(len(calls))
        given = {index: mine.answer(*calls[index]) for index in order.tolist()}
        return [given[index] for index in range(len(calls))]

    calls = [(request, make) for request in plain for make in [*ODD.values()][:8]]
    calls += [(request, laid_out("<f4", "step")) for request in many]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(answers, range(4)))
    expected = answers(0)
    assert all(each == expected for each in found)
    for place in range(0, len(calls), 17):
        assert fresh_answer(Scripted, *calls[place]) == expected[place]


def sharing(known: Endpoints) -> Endpoints:
    """Return endpoints with a component of their own, whose codecs remember together with the others."""
    made = Endpoints(Scripted())
    made.model, made.rest, made.grpc = known.model, known.rest, known.grpc
    made.rest_heads, made.grpc_heads = known.rest_heads, known.grpc_heads
    return made
