"""Requests whose body is one value, and answers by Accept, through the whole transport."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.media import formats
from seldon_runtime_rest.media.arrow import ArrowStream
from seldon_runtime_rest.media.formats import reader_of

CSV = b"a,b\r\n1,x\r\n2,y\r\n"


class Echo:
    """Answers its argument."""

    def predict(self, X, names):
        return X

    def transform_input(self, X: pd.DataFrame):
        return X

    def route(self, X: pd.DataFrame):
        return len(X)


class Picture:
    def predict(self, X: Image.Image) -> Image.Image:
        return X.rotate(90, expand=True)


class Raw:
    """Receives the object of v1's JSON."""

    def predict_raw(self, request):
        return {"strData": json.dumps(request, sort_keys=True)}


class Score:
    """An outlier detector."""

    def score(self, X: pd.DataFrame):
        return [0.5] * len(X)


def npy(array):
    file = BytesIO()
    np.save(file, array)
    return file.getvalue()


def picture(kind):
    file = BytesIO()
    Image.new("RGB", (2, 1), "red").save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def echo(make_app):
    return make_app(Echo())


def ask(app, path, body, content_type, accept=None):
    headers = {"Content-Type": content_type, **({} if accept is None else {"Accept": accept})}
    return app.request("POST", path, body, headers)


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"hello", "text/plain", {"strData": "hello"}),
        ("hällo".encode("latin-1"), "text/plain; charset=iso-8859-1", {"strData": "hällo"}),
        (b"\x00\x01", "application/octet-stream", {"binData": "AAE="}),
        (b"\x00\x01", "image/tiff", {"binData": "AAE="}),
        (b"a\r\n1\r\n", "text/csv", {"data": {"names": ["t:0"], "tensor": {"shape": [1, 1], "values": [1]}}}),
        (
            npy(np.array([[1.5, 2.5]])),
            "application/x-npy",
            {"data": {"names": ["t:0", "t:1"], "tensor": {"shape": [1, 2], "values": [1.5, 2.5]}}},
        ),
        (npy(np.array(["a"])), "application/x-npy", {"data": {"names": [], "ndarray": ["a"]}}),
    ],
)
def test_a_body_reaches_the_method_as_its_value(echo, body, content_type, expected):
    answer = ask(echo, "/predict", body, content_type)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == {**expected, "meta": {}}


def test_a_table_keeps_its_columns_from_the_body_to_the_answer(echo):
    answer = ask(echo, "/transform-input", CSV, "text/csv", "text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.body == CSV
    answer = ask(echo, "/transform-input", CSV, "text/csv")
    assert answer.json["data"] == {"names": ["a", "b"], "ndarray": [[1, "x"], [2, "y"]]}
    assert ask(echo, "/route", CSV, "text/csv").json["data"]["tensor"]["values"] == [2]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/*, application/json;q=0.5", "text/plain; charset=utf-8"),
        ("text/plain, application/json", "application/json"),
        ("image/png, text/plain;q=0.5", "text/plain; charset=utf-8"),
        ("image/*, */*;q=0.1", "application/json"),
    ],
)
def test_accept_chooses_the_form_of_the_answer(echo, accept, content_type):
    for body, sent in ((b"hello", "text/plain"), (b'{"strData": "hello"}', "application/json")):
        answer = ask(echo, "/predict", body, sent, accept)
        assert (answer.status, answer.headers["content-type"]) == (200, content_type)
        assert b"hello" in answer.body


def test_a_body_whose_client_accepts_no_known_type_is_406(echo):
    answer = ask(echo, "/predict", b"hello", "text/plain", "application/xml")
    assert answer.status == 406
    assert "Accept is application/xml, expected application/json" in answer.info
    assert (
        ask(echo, "/predict", b'{"strData": "x"}', "application/json", "application/xml").json["strData"]
        == "x"
    )


def test_an_answer_that_no_accepted_type_holds_is_406(echo):
    for body, sent in ((b"hello", "text/plain"), (b'{"strData": "hello"}', "application/json")):
        answer = ask(echo, "/predict", body, sent, "application/x-npy, image/png")
        assert answer.status == 406
        assert answer.info == (
            "Accept allows application/x-npy, image/png, which cannot hold strData, the answer. "
            "Accept application/json too"
        )


@pytest.mark.parametrize(("accept", "status"), [("text/plain", 406), ("text/plain, application/json", 200)])
def test_half_of_a_surrogate_pair_fits_json_only(echo, accept, status):
    answer = ask(echo, "/predict", b'{"strData":"\\ud800"}', "application/json", accept)
    assert answer.status == status
    assert (b'"strData":"\\ud800"' in answer.body) is (status == 200)
    assert ("half of a surrogate pair" in str(answer.body)) is (status == 406)


def test_a_body_that_cannot_be_read_is_400_with_the_usual_error(echo):
    answer = ask(echo, "/predict", b"a,b\n1\n", "text/csv", "text/csv")
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert "row 1 of the CSV has 1 cells" in answer.info


def test_an_unknown_type_is_415_and_the_error_names_the_known_ones(echo):
    answer = ask(echo, "/predict", b"x", "application/xml")
    assert answer.status == 415
    assert "text/csv, text/plain, image/*" in answer.info
    assert ask(echo, "/predict", b"x", "text/plain; charset=koi8").status == 415


def test_feedback_takes_no_such_body(echo):
    assert ask(echo, "/send-feedback", b"x", "text/plain").status == 415


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif"])
def test_a_picture_is_received_and_answered_as_a_file(make_app, kind):
    app = make_app(Picture())
    answer = ask(app, "/predict", picture(kind), f"image/{kind}", "image/*")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert Image.open(BytesIO(answer.body)).size == (1, 2)
    assert ask(app, "/predict", picture(kind), f"image/{kind}", "image/webp").status == 406


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif"])
def test_bytes_that_are_a_picture_have_its_type(echo, kind):
    answer = ask(echo, "/predict", picture(kind), "application/octet-stream", "image/*")
    assert answer.headers["content-type"] == f"image/{kind}"


def test_a_raw_method_receives_the_object_of_json(make_app):
    app = make_app(Raw())
    for body, sent, expected in (
        (b"hello", "text/plain", {"strData": "hello"}),
        (b"\x00", "image/png", {"binData": "AA=="}),
        (CSV, "text/csv", {"data": {"names": ["a", "b"], "ndarray": [[1, "x"], [2, "y"]]}}),
    ):
        answer = ask(app, "/predict", body, sent)
        assert json.loads(answer.json["strData"]) == {**expected, "meta": {}}
        assert json.loads(ask(app, "/predict", body, sent, "text/plain").body) == {**expected, "meta": {}}


def test_passthrough_keeps_its_bodies(make_app):
    class Bytes:
        def predict_raw(self, body):
            return body

    app = make_app(Bytes(), "--payload-passthrough")
    assert ask(app, "/predict", b"hello", "text/plain", "text/csv").body == b"hello"


def test_a_library_that_is_missing_is_named(echo, monkeypatch):
    class Missing(ArrowStream):
        needs = "no_such_library"

    media_type = Missing.media_type
    monkeypatch.setitem(formats._READERS, media_type, Missing())
    answer = ask(echo, "/predict", b"x", media_type)
    assert answer.status == 415
    assert answer.info.endswith(
        "the server needs no_such_library for it; install it there: pip install no_such_library"
    )
    with pytest.raises(SeldonError, match="no_such_library"):
        reader_of(media_type)


def test_the_body_and_its_values_are_limited(make_app):
    app = make_app(Echo(), max_body_bytes=100, max_array_values=3)
    assert ask(app, "/predict", b"x" * 101, "text/plain").status == 413
    answer = ask(app, "/predict", b"a\n1\n2\n3\n4\n", "text/csv")
    assert (answer.status, "at most 3 are accepted" in answer.info) == (400, True)


class Unfit:
    """Returns a table with a column that no answer can hold."""

    def __init__(self, column):
        self.column = column

    def transform_input(self, X: pd.DataFrame):
        return pd.DataFrame({"a": self.column})


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
@pytest.mark.parametrize(
    ("column", "told"),
    [
        ([b"x", None], "bytes"),
        ([1j, 2j], "complex"),
        (pd.period_range("2026", periods=2, freq="M"), "Period"),
    ],
)
def test_a_column_that_no_answer_can_hold_is_the_components_failure(make_app, column, told, accept):
    answer = ask(make_app(Unfit(column)), "/transform-input", CSV, "text/csv", accept)
    assert (answer.status, told in answer.info) in ((500, True), (406, True)), answer.text
    assert answer.status == 500 or (accept, told) == ("text/csv", "bytes")
