"""Both lanes, the plain one and the one through Flask, answer alike however a message is sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from seldon_runtime_rest.v1 import paths

from .every_method import FORM_TYPE, JSON_TYPE

MESSAGES = {
    "ndarray": {"data": {"names": ["a", "b"], "ndarray": [[1, 2.5], [3, 4]]}},
    "text beside numbers": {"data": {"ndarray": [["é", 1, None]]}},
    "tensor": {"data": {"tensor": {"shape": [2, 1], "values": [1, 2]}}},
    "tftensor": {
        "data": {
            "tftensor": {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "1"}]}, "floatVal": [1.5]}
        }
    },
    "strData": {"strData": "é"},
    "binData": {"binData": "AAEC"},
    "jsonData": {"jsonData": {"a": [1, None, {"b": 2**70}]}},
    "meta": {
        "strData": "s",
        "meta": {"puid": "p", "tags": {"t": 1}, "requestPath": {"a": "b"}, "metrics": [{"k": 1}]},
    },
    "feedback": {
        "request": {"data": {"ndarray": [[1]]}},
        "response": {"meta": {"routing": {"0": 2}}},
        "reward": 0.5,
    },
    "several": {"seldonMessages": [{"strData": "a"}, {"strData": "b"}]},
    "a list": [{"strData": "a"}],
    "user code raises": {"strData": "raise"},
    "user code refuses": {"strData": "refuse"},
    "user code exits": {"strData": "exit"},
    "user code answers nothing": {"strData": "nothing"},
    "no payload": {"x": 1},
    "ragged": {"data": {"ndarray": [[1], [2, 3]]}},
    "wrong shape": {"data": {"tensor": {"shape": [3], "values": [1, 2]}}},
    "bad base64": {"binData": "*"},
    "bad meta": {"strData": "s", "meta": []},
    "a number": 5,
    "null": None,
    "nests too deeply": json.loads("[" * 21 + "]" * 21),
}
ENCODINGS = {
    "JSON through Flask": lambda text: ("POST", "?x=%20", text.encode(), JSON_TYPE),
    "JSON of another type": lambda text: ("POST", "", text.encode(), {"Content-Type": "application/x+json"}),
    "JSON in UTF-16": lambda text: ("POST", "?x=%20", text.encode("utf-16"), JSON_TYPE),
    "form": lambda text: ("POST", "", b"json=" + quote(text).encode(), FORM_TYPE),
    "query": lambda text: ("POST", "?json=" + quote(text), b"", {}),
    "query of GET": lambda text: ("GET", "?json=" + quote(text), b"", {}),
    "body of GET": lambda text: ("GET", "", text.encode(), JSON_TYPE),
}


def comparable(answer: Any) -> tuple[Any, ...]:
    """An answer without the request ids that were made up."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status, headers, answer.body, "x-request-id" in answer.headers


@pytest.mark.parametrize("path", paths.CALLS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_both_lanes_answer_the_same(app, path, encoding):
    """Flask answers the same JSON, however it is sent, as the plain lane answers a JSON body."""
    verb, _, _, _ = ENCODINGS[encoding]("")
    if verb not in paths.CALLS[path][1]:
        assert app.request(verb, path).status == 405
        return
    for name, message in MESSAGES.items():
        text = json.dumps(message)
        plain = app.request("POST", path, text.encode(), JSON_TYPE)
        verb, query, body, headers = ENCODINGS[encoding](text)
        assert comparable(app.request(verb, path + query, body, headers)) == comparable(plain), name


@pytest.mark.parametrize("path", paths.CALLS)
def test_a_multipart_form_is_answered_like_the_json_it_makes(app, path):
    for name, message in MESSAGES.items():
        if not isinstance(message, dict):
            continue
        parts = [
            f'--line\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'
            f"{value if key == 'strData' else json.dumps(value)}\r\n"
            for key, value in message.items()
        ]
        body = ("".join(parts) + "--line--\r\n").encode()
        answer = app.request("POST", path, body, {"Content-Type": "multipart/form-data; boundary=line"})
        plain = app.request("POST", path, json.dumps(message).encode(), JSON_TYPE)
        assert comparable(answer) == comparable(plain), name


@pytest.mark.parametrize("path", paths.HEALTH_STATUS)
def test_both_lanes_answer_the_same_about_health(app, path):
    plain, headed = app.request("GET", path), app.request("HEAD", path)
    assert (plain.status, plain.json["jsonData"]) == (200, {"well": True})
    assert (headed.status, headed.headers) == (plain.status, plain.headers)
