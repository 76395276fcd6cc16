"""The parts of multipart forms, and the forms that are not valid."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import RequestEntityTooLarge

from seldon_runtime.errors import SeldonError
from seldon_runtime_rest.v1.multipart import Part, parts_of

TYPE = "multipart/form-data; boundary=x"


def part(content: bytes, disposition: bytes = b'form-data; name="strData"', more: bytes = b"") -> bytes:
    return b"--x\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + content + b"\r\n"


def test_fields_and_files_come_in_their_order():
    body = part(b"one") + part(b"\xff\r\n--xy", b'form-data; name="binData"; filename="f"') + part(b"")
    assert parts_of(body + b"--x--\r\n", TYPE) == [
        Part("strData", b"one", "utf-8", is_file=False),
        Part("binData", b"\xff\r\n--xy", "utf-8", is_file=True),
        Part("strData", b"", "utf-8", is_file=False),
    ]


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        (b"utf-8", "é".encode(), "é"),
        (b"ISO-8859-1", b"\xe9", "é"),
        (b"us-ascii", b"e", "e"),
        (b"x-own", "é".encode(), "é"),
    ],
)
def test_a_field_may_name_its_encoding(charset, content, text):
    body = part(content, more=b"Content-Type: text/plain; charset=" + charset + b"\r\n")
    assert [each.text() for each in parts_of(body + b"--x--", TYPE)] == [text]


@pytest.mark.parametrize("content", [b"\xff", b"a\xe9", "é".encode()[:1]])
def test_a_field_that_is_not_text_in_its_encoding_is_refused(content):
    for more, encoding in ((b"", "UTF-8"), (b"Content-Type: text/plain; charset=us-ascii\r\n", "us-ascii")):
        (found,) = parts_of(part(content, more=more) + b"--x--", TYPE)
        with pytest.raises(SeldonError, match=f"the field 'strData' of the form is not {encoding} text"):
            found.text()


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_told_so(content_type):
    with pytest.raises(SeldonError, match=f"Content-Type is '{content_type}', expected .* with a boundary"):
        parts_of(part(b"s") + b"--x--\r\n", content_type)


@pytest.mark.parametrize(
    "body",
    {
        "empty": b"",
        "another boundary": b"--y\r\n\r\n--y--",
        "cut off in a head": b"--x\r\nContent-Disp",
        "cut off in a part": part(b"s")[:-2],
        "cut off after a part": part(b"s"),
        "no disposition": b"--x\r\nA: b\r\n\r\ns\r\n--x--",
        "no name": part(b"s", b"form-data") + b"--x--",
        "a head that is no text": part(b"s", more=b"A: \xff\r\n") + b"--x--",
    }.items(),
    ids=lambda case: case[0],
)
def test_a_form_that_is_not_valid_is_told_so(body):
    with pytest.raises(SeldonError, match="not a valid multipart form with the boundary 'x'"):
        parts_of(body[1], TYPE)


def test_too_many_parts_are_too_large():
    with pytest.raises(RequestEntityTooLarge):
        parts_of(part(b"") * 1001 + b"--x--", TYPE)
