"""A Flask request as the wire object of a call: where the JSON is looked for, and what a form becomes."""

from __future__ import annotations

import base64
import io
from typing import Any

import flask
import pytest
from werkzeug.datastructures import FileStorage

from seldon_runtime.errors import SeldonError
from seldon_runtime_rest.v1.forms import read

JSON = '{"strData":"s"}'


@pytest.fixture
def reading():
    """Reads what a Flask test client would send."""
    app = flask.Flask(__name__)

    def reading(passthrough: bool = False, **request: Any) -> Any:
        request.setdefault("method", "POST")
        with app.test_request_context("/", **request):
            return read(flask.request, max_nesting=10, passthrough=passthrough)

    return reading


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.seldon+json",
        "application/problem+json; charset=utf-8",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_json_body_is_handed_on_as_it_is(reading, content_type, method):
    assert reading(method=method, data=b"{broken", content_type=content_type) == b"{broken"


@pytest.mark.parametrize("content_type", ["text/plain", "application/jsonl", "application/octet-stream"])
def test_a_body_of_another_type_is_a_415_that_names_it(reading, content_type):
    with pytest.raises(SeldonError, match=content_type) as error:
        reading(data=JSON, content_type=content_type)
    assert error.value.status_code == 415


def test_a_body_without_a_type_is_a_415(reading):
    with pytest.raises(SeldonError, match="no JSON in this request") as error:
        reading(data=JSON)
    assert error.value.status_code == 415


def test_a_get_without_anything_is_a_bad_request(reading):
    with pytest.raises(SeldonError, match="no JSON in this request") as error:
        reading(method="GET")
    assert error.value.status_code is None


def test_a_body_of_any_type_passes_through(reading):
    assert reading(passthrough=True, data=b"\xff", content_type="image/png") == b"\xff"
    assert reading(passthrough=True, data=b"\xff") == b"\xff"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_json_is_read_from_the_query(reading, method):
    assert reading(method=method, query_string={"json": JSON}) == JSON


def test_json_is_read_from_a_form(reading):
    assert reading(data={"json": JSON, "other": "x"}) == JSON


def test_the_form_wins_over_the_query_and_the_query_over_the_body(reading):
    assert reading(data={"json": "form"}, query_string={"json": "query"}) == "form"
    assert reading(data="body", content_type="application/json", query_string={"json": "query"}) == "query"


def test_the_first_of_several_wins(reading):
    assert reading(query_string="json=1&json=2") == "1"
    assert reading(data="json=1&json=2", content_type="application/x-www-form-urlencoded") == "1"


def test_an_empty_field_counts_as_absent(reading):
    assert reading(data="body", content_type="application/json", query_string="json=") == b"body"
    with pytest.raises(SeldonError, match="no field named json"):
        reading(data="json=", content_type="application/x-www-form-urlencoded")


class TestMultipart:
    def send(self, reading, **parts):
        return reading(data=parts, content_type="multipart/form-data")

    def file(self, content: bytes) -> FileStorage:
        return FileStorage(io.BytesIO(content), "name.bin")

    def test_text_parts_are_json(self, reading):
        assert self.send(reading, meta='{"puid":"p"}', jsonData="[1, null]") == {
            "meta": {"puid": "p"},
            "jsonData": [1, None],
        }

    def test_a_text_part_strdata_is_the_text(self, reading):
        assert self.send(reading, strData="{no json") == {"strData": "{no json"}

    def test_a_part_json_is_a_member_like_any_other(self, reading):
        assert self.send(reading, json=JSON, strData="s") == {"json": {"strData": "s"}, "strData": "s"}

    def test_a_file_bindata_becomes_base64(self, reading):
        content = bytes(range(256))
        encoded = base64.b64encode(content).decode()
        assert self.send(reading, binData=self.file(content)) == {"binData": encoded}

    def test_another_file_is_text(self, reading):
        assert self.send(reading, strData=self.file("é".encode())) == {"strData": "é"}

    def test_a_text_file_that_is_no_utf_8_is_named(self, reading):
        with pytest.raises(SeldonError, match="'strData' of the form is not UTF-8"):
            self.send(reading, strData=self.file(b"\xff"))

    @pytest.mark.parametrize("text", ["", "{", "'a'", "1" * 5000])
    def test_a_text_part_that_is_no_json_is_named(self, reading, text):
        with pytest.raises(SeldonError, match="'jsonData' is not valid JSON"):
            self.send(reading, jsonData=text)

    @pytest.mark.parametrize("depth", [11, 100_000])
    def test_a_text_part_that_nests_too_deeply_is_refused(self, reading, depth):
        with pytest.raises(SeldonError, match="nests deeper than 10"):
            self.send(reading, jsonData="[" * depth + "]" * depth)

    def test_a_text_field_that_is_no_utf_8_is_named(self, reading):
        for name in ("strData", "jsonData"):
            body = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n"\xff"\r\n--x--\r\n'
            with pytest.raises(SeldonError, match=f"the field '{name}' of the form is not UTF-8 text"):
                reading(data=body % name.encode(), content_type="multipart/form-data; boundary=x")

    def test_the_first_of_several_parts_wins_and_a_file_over_a_field(self, reading):
        parts = {"strData": ["one", "two"], "jsonData": ["1", self.file(b"2"), self.file(b"3")]}
        assert self.send(reading, **parts) == {"strData": "one", "jsonData": "2"}
