"""Whatever comes, a component that works is never blamed: no request to it is answered 5xx."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seldon_runtime.testing.components import Faultless

JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def app(make_app):
    return make_app(Faultless(), max_body_bytes=100_000, max_array_values=10_000)


fuzz = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXTS = st.text(max_size=8) | st.sampled_from(["", "\ud800", "é", "1", "NaN", "DT_FLOAT", "AAAA"])
NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, math.nan, math.inf, True, None])
)
ANYTHING = st.recursive(
    NUMBERS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)
ROWS = st.recursive(NUMBERS | TEXTS | st.just({}), lambda inner: st.lists(inner, max_size=4), max_leaves=8)
SHAPES = st.lists(st.integers(-2, 12) | st.sampled_from([10_000, 2**31, 2**62]), max_size=4) | ANYTHING
SIZES = st.lists(
    st.fixed_dictionaries({}, optional={"size": st.integers(-2, 9).map(str) | ANYTHING}), max_size=3
)
TYPES = ["DT_FLOAT", "DT_DOUBLE", "DT_INT32", "DT_STRING", "DT_INT64", "DT_BOOL", "DT_HALF", "DT_BFLOAT16"]
VALUES = st.lists(NUMBERS | TEXTS, max_size=4)
TENSORPROTOS = st.fixed_dictionaries(
    {"dtype": st.sampled_from(TYPES) | st.integers(0, 30) | ANYTHING},
    optional={
        "tensorShape": st.fixed_dictionaries({"dim": SIZES}) | ANYTHING,
        "tensorContent": st.binary(max_size=24).map(lambda raw: base64.b64encode(raw).decode()),
        **dict.fromkeys(["floatVal", "doubleVal", "intVal", "stringVal", "boolVal", "halfVal"], VALUES),
    },
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "names": st.lists(TEXTS, max_size=3) | ANYTHING,
        "ndarray": ROWS,
        "tensor": st.fixed_dictionaries({"shape": SHAPES, "values": ROWS}) | ANYTHING,
        "tftensor": TENSORPROTOS | ANYTHING,
    },
)
METAS = st.fixed_dictionaries(
    {},
    optional={
        "puid": ANYTHING,
        "tags": st.dictionaries(TEXTS, ANYTHING, max_size=2) | ANYTHING,
        "routing": st.dictionaries(TEXTS, NUMBERS, max_size=2) | ANYTHING,
        "requestPath": ANYTHING,
        "metrics": st.lists(st.fixed_dictionaries({"key": ANYTHING, "value": ANYTHING}), max_size=2)
        | ANYTHING,
    },
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "data": DATA | ANYTHING,
        "strData": TEXTS | ANYTHING,
        "binData": st.binary(max_size=9).map(lambda raw: base64.b64encode(raw).decode()) | ANYTHING,
        "jsonData": ANYTHING,
        "meta": METAS | ANYTHING,
        "status": ANYTHING,
    },
)
FEEDBACKS = st.fixed_dictionaries(
    {},
    optional={"request": MESSAGES, "response": MESSAGES, "truth": MESSAGES, "reward": NUMBERS | ANYTHING},
)
CALLS = [
    ("/predict", MESSAGES),
    ("/transform-input", MESSAGES),
    ("/aggregate", st.fixed_dictionaries({"seldonMessages": st.lists(MESSAGES, max_size=2)})),
    ("/send-feedback", FEEDBACKS),
]


def is_sound(answer: Any) -> bool:
    """Whether it blames the caller or nobody, and is JSON."""

    def no_such_number(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    json.loads(answer.body, parse_constant=no_such_number)
    return answer.status == 200 or 400 <= answer.status < 500


@fuzz
@given(st.binary(max_size=60))
@example(b'"\\ud800"')
@example(b'{"strData":"\\ud800"}')
@example(b'{"data":{"ndarray":[1e999,-1e999]}}')
@example(b'{"data":{"ndarray":' + b"[" * 100 + b"]" * 100 + b"}}")
@example(b'{"jsonData":' + b"[" * 126 + b"]" * 126 + b"}")
@example(b'{"jsonData":' + b'{"a":' * 126 + b"1" + b"}" * 126 + b"}")
@example(b"[" * 100_000)
@example(b'{"data":{"tensor":{"shape":[0,10000],"values":[]}}}')
def test_any_bytes_as_json(app, body):
    assert is_sound(app.request("POST", "/predict", body, JSON_TYPE))


@fuzz
@given(
    st.binary(max_size=60),
    st.sampled_from(
        [
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
            "application/x+json; charset=utf-16",
            "text/plain",
        ]
    ),
)
@example(
    b'--x\r\nContent-Disposition: form-data; name="jsonData"\r\n\r\n1\r\n', "multipart/form-data; boundary=x"
)
@example(b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x")
@example(b"--x--" + b"x" * 200_000, "multipart/form-data; boundary=x")
@example(b"--x\r\n" * 5_000, "multipart/form-data; boundary=x")
@example(b"json=%ff%fe", "application/x-www-form-urlencoded")
@example(b"json=\xff\xfe", "application/x-www-form-urlencoded")
@example(b"&" * 50_000, "application/x-www-form-urlencoded")
def test_any_bytes_as_anything_else(app, body, content_type):
    assert is_sound(app.request("POST", "/predict", body, {"Content-Type": content_type}))


@fuzz
@given(st.text(max_size=30))
@example("json=%ff")
@example("json=%00")
@example('json={"strData":"%ed%a0%80"}')
def test_any_query(app, query):
    assert is_sound(app.request("GET", "/predict?" + query.encode("ascii", "ignore").decode()))


@pytest.mark.parametrize(("path", "messages"), CALLS, ids=[path for path, _ in CALLS])
def test_any_message(app, path, messages):
    @fuzz
    @given(messages)
    def run(message: Any) -> None:
        assert is_sound(app.post(path, message))

    run()


@pytest.mark.parametrize(("path", "messages"), CALLS, ids=[path for path, _ in CALLS])
def test_any_message_as_multipart(app, path, messages):
    @settings(fuzz, max_examples=50)
    @given(messages)
    def run(message: Any) -> None:
        body = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
            % (key.encode(), json.dumps(value).encode())
            for key, value in message.items()
        )
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert is_sound(app.request("POST", path, body + b"--x--\r\n", headers))

    run()
