"""Requests that JSON and protobuf can both say.

Left out are whole numbers beyond 53 bits, NaN, a tensor without shape, ``data`` without an array, and
``jsonData`` null in feedback (absent there).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage, SeldonMessageList

from .components import ERRORS, RESULTS

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def filled(values: Any) -> Any:
    """Protobuf does not tell an empty map from an absent one."""
    return st.dictionaries(st.text(max_size=3) | st.just("unit"), values, min_size=1, max_size=3)


names = st.lists(st.text(max_size=3), max_size=3)


def matrices(leaves: Any) -> Any:
    row = st.lists(leaves, max_size=3)
    return row | st.integers(0, 3).flatmap(
        lambda width: st.lists(st.lists(leaves, min_size=width, max_size=width), max_size=3)
    )


kinds = [numbers, st.booleans(), st.text(max_size=4), st.integers(-9, 9).map(float) | st.none()]
arrays = st.one_of(*map(matrices, kinds)) | st.lists(st.lists(numbers, max_size=2), max_size=3)


@st.composite
def tensors(draw: Any) -> Any:
    shape = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    count = draw(st.just(int(np.prod(shape))) | st.integers(0, 4))
    return {"shape": shape, "values": draw(st.lists(numbers, min_size=count, max_size=count))}


tftensors = st.builds(
    lambda values: {
        "dtype": "DT_DOUBLE",
        "tensorShape": {"dim": [{"size": str(len(values))}]},
        "doubleVal": values,
    },
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4),
)
data = st.one_of(
    st.builds(lambda tensor, names: {"tensor": tensor, "names": names}, tensors(), names),
    st.builds(lambda ndarray, names: {"ndarray": ndarray, "names": names}, arrays, names),
    st.builds(lambda tftensor: {"tftensor": tftensor}, tftensors),
)
payloads = st.one_of(
    data.map(lambda value: {"data": value}),
    st.sampled_from([*RESULTS, *ERRORS]).map(lambda text: {"strData": text}),
    st.text(max_size=5).map(lambda text: {"strData": text}),
    st.sampled_from(["", "AAE=", "/v8="]).map(lambda text: {"binData": text}),
    json_values.map(lambda value: {"jsonData": value}),
    st.just({}),
)
metrics = st.fixed_dictionaries(
    {
        "key": st.text(max_size=3),
        "type": st.sampled_from(["COUNTER", "GAUGE", "TIMER"]),
        "value": st.integers(-100, 100) | st.sampled_from([0.5, 0.1, 2.25]),
    },
    optional={"tags": filled(st.text(max_size=3))},
)
metas = st.fixed_dictionaries(
    {},
    optional={
        "puid": st.text(min_size=1, max_size=5),
        "tags": filled(json_values),
        "routing": filled(st.integers(-1, 9)),
        "requestPath": filled(st.text(max_size=3)),
        "metrics": st.lists(metrics, min_size=1, max_size=2),
    },
)
messages = st.builds(
    lambda payload, meta: payload | ({} if meta is None else {"meta": meta}), payloads, st.none() | metas
)
parts = messages.filter(lambda message: message.get("jsonData", True) is not None)
feedbacks = st.fixed_dictionaries(
    {},
    optional={
        "request": parts,
        "response": parts,
        "truth": parts,
        "reward": st.integers(-5, 5) | st.sampled_from([0.5, -0.25]),
    },
)
requests = {
    SeldonMessage: messages,
    SeldonMessageList: st.lists(messages, max_size=3).map(lambda items: {"seldonMessages": items}),
    Feedback: feedbacks,
}
