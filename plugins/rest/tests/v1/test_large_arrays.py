"""Arrays that are read straight into NumPy: the same as what the parser of all requests makes of them."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.plugin import Method
from seldon_runtime_rest.v1.codec import LEAST_BYTES, PassthroughCodec, RestCodec
from seldon_runtime_rest.v1.json_text import dumper
from seldon_runtime_rest.v1.large_arrays import loads_with_array, numbers_memory, read_numbers

BY_SIMDJSON = pytest.param(
    "simdjson",
    marks=pytest.mark.skipif(find_spec("simdjson") is None, reason="pysimdjson has no wheel for this Python"),
)


@pytest.fixture(params=[BY_SIMDJSON, "msgspec"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the parser that reads numbers: the quicker one, and the one for Pythons without it."""
    if request.param == "msgspec":
        monkeypatch.setitem(sys.modules, "simdjson", None)


LONG = pytest.mark.parametrize(
    "request_",
    [
        {"data": {"ndarray": [[0.5] * 400] * 2}},
        {"data": {"tensor": {"shape": [2, 400], "values": [1] * 800}}},
        {"data": {"names": ["a", "b"], "ndarray": [[1, 2]] * 300}, "meta": {"puid": "p"}},
    ],
)
LIMITS = Limits(max_nesting=8, max_array_values=5000)
CODEC = RestCodec(LIMITS, dumper())
NUMBERS = (
    st.integers(-9, 9)
    | st.integers(-(2**66), 2**66)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([-0.0, 5e-324, 2.0**63, 2**63, 2**64, -(2**63), 10**22, 1e300])
)
ARRAYS = st.lists(NUMBERS) | hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4).flatmap(
    lambda shape: (hnp.arrays(np.float64, shape) | hnp.arrays(np.int64, shape)).map(np.ndarray.tolist)
)
VALUES = st.recursive(
    NUMBERS | st.booleans() | st.none() | st.sampled_from(["a", "]", '"', "\\", "ndarray", '"ndarray":[1]']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "ndarray"]), inner),
    max_leaves=6,
)
OTHERS = st.dictionaries(
    st.sampled_from(["names", "tensor", "ndarray", "values", "jsonData", "meta", 'x":', "a\\"]), VALUES
)
DATA = st.fixed_dictionaries({"ndarray": ARRAYS | VALUES}) | st.fixed_dictionaries(
    {"tensor": st.fixed_dictionaries({"values": ARRAYS | VALUES, "shape": st.just([-1]) | VALUES})}
)


def outcome(read, text):
    """What a component would get, or the client be told."""
    try:
        message = read(text)
    except SeldonError as error:
        return error.code, error.message
    payload = message.payload
    value = payload.value
    if isinstance(value, np.ndarray):
        assert value.flags.writeable
        assert value.flags.c_contiguous
        value = value.dtype, value.shape, value.tolist() if value.dtype.hasobject else value.tobytes()
    return payload.kind, repr(value), payload.names, message.meta, message.given_meta


def always(text):
    """As the codec reads a request that is long enough."""
    parsed = loads_with_array(text, LIMITS.max_nesting)
    return CODEC.decode(Method.PREDICT, parsed) if parsed is not None else usually(text)


def usually(text):
    return CODEC.decode(Method.PREDICT, CODEC.parse(Method.PREDICT, text))


@st.composite
def texts(draw):
    data = draw(DATA) | draw(OTHERS)
    before, after = draw(OTHERS), draw(OTHERS)
    style = draw(st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}]))
    text = json.dumps({**before, "data": data, **after}, **style).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 3)) == 0:  # one wrong byte
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from([b"", b",", b"]", b"[", b'"', b".", b"e", b"-", b"0"]))
        text += json.dumps(after).encode() if draw(st.booleans()) else text[place + 1 :]
    return text


@pytest.mark.usefixtures("parser")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts())
@example(b'{"data":{"ndarray":[[1,2],[3]]}}')
@example(b'{"data":{"ndarray":[1],"ndarray":[2]}}')
@example(b'{"data":{"ndarray":[1]},"data":{"ndarray":[2]}}')
@example(b'{"data":{"ndarray":[1,2]]}}')
@example(b'{"jsonData":{"data":{"ndarray":[1,2]}}}')
@example(b'{"jsonData":"\\"ndarray\\":[1]","data":{"ndarray":[1]}}')
@example(b'{"data":{"ndarray":[1,2],"tensor":{"shape":[2],"values":[3,4]}}}')
@example(b'{"data":{"ndarray":[[[[[[[[1]]]]]]]]}}')
@example(b'{"data":{"ndarray":[18446744073709551615,1]}}')
@example(b'{"data":{"ndarray":[-0,0.0,1E5]}}')
@example(b'{"data":{"ndarray":[[9007199254740993,1.5]]}}')
@example(b'{"data":{"ndarray":[[9007199254740993.0,1.5]]}}')
@example(b'{"data":{"ndarray":[[1.5, -9007199254740993 ]]}}')
@example(b'{"data":{"ndarray":[[9223372036854775809],[1]]}}')
@example(b'{"data":{"ndarray":[10000000000000000000000]}}')
def test_a_request_is_read_as_by_the_parser_of_all_requests(text):
    assert outcome(always, text) == outcome(usually, text)


@pytest.mark.usefixtures("parser")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRAYS)
def test_numbers_of_64_bits_in_rows_of_one_length_are_read_quickly(values):
    array = np.array(values) if values else np.array([0])
    if array.dtype.kind in "if" and array.size:
        text = json.dumps({"data": {"ndarray": array.tolist()}}, allow_nan=True).encode()
        if np.isfinite(array).all():
            parsed = loads_with_array(text, 128)
            np.testing.assert_array_equal(parsed["data"]["ndarray"], array, strict=True)


@pytest.mark.usefixtures("parser")
@LONG
def test_long_requests_take_this_way(monkeypatch, request_):
    text = json.dumps(request_).encode()
    assert len(text) > LEAST_BYTES
    expected = outcome(lambda wire: CODEC.read(Method.PREDICT, wire), text)
    monkeypatch.setattr(RestCodec, "parse", None)
    assert outcome(lambda wire: CODEC.read(Method.PREDICT, wire), text) == expected


def test_too_many_values_are_refused_alike():
    text = json.dumps({"data": {"ndarray": [1] * 5001}}).encode()
    assert "has 5001 values, at most 5000" in outcome(always, text)[1]
    assert outcome(always, text) == outcome(usually, text)


def test_a_long_body_beyond_the_limit_is_refused_before_it_is_read():
    codec = RestCodec(Limits(max_body_bytes=2000), dumper())
    with pytest.raises(SeldonError, match="at most 2000"):
        codec.read(Method.PREDICT, json.dumps({"data": {"ndarray": [1] * 2000}}).encode())


def test_messages_of_a_combiner_are_read_as_always():
    messages = [{"data": {"ndarray": [[1, 2]] * 300}}] * 2
    text = json.dumps({"seldonMessages": messages}).encode()
    assert [m.payload.value.shape for m in CODEC.read(Method.AGGREGATE, text)] == [(300, 2)] * 2


def test_a_body_that_passes_through_is_not_read():
    codec = PassthroughCodec(Limits(), dumper())
    with pytest.raises(SeldonError, match="PAYLOAD_PASSTHROUGH"):
        codec.read(Method.PREDICT, json.dumps({"data": {"ndarray": [1] * 2000}}).encode())


@pytest.mark.usefixtures("parser")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hnp.arrays(st.sampled_from([np.int64, np.uint64, np.float64]), hnp.array_shapes(max_dims=3, max_side=5))
)
def test_an_array_of_numbers_is_read_whatever_its_type(array: np.ndarray) -> None:
    if array.dtype.kind == "f":
        array = np.nan_to_num(array, posinf=1e308, neginf=-1e308)
    text = json.dumps(array.tolist()).encode()
    found = read_numbers(b" " + text)
    assert found is not None
    assert found.shape == array.shape
    assert found.flags.writeable
    np.testing.assert_array_equal(found, array)
    assert numbers_memory(text, 0, len(text)) >= found.nbytes


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "{}",
        "[]",
        '["a"]',
        "[1,null]",
        "[1,true]",
        "[[1],[2,3]]",
        "[1",
        "[1]x",
        "[18446744073709551616]",
    ],
)
def test_any_other_text_is_left_to_the_usual_parser(text: str) -> None:
    assert read_numbers(text.encode()) is None
