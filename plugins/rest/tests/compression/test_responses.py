"""Responses are compressed for the clients that ask for it, whole and in the same order."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from seldon_runtime.plugin import ErrorCode, SeldonError, hookimpl
from seldon_runtime.testing import Served
from seldon_runtime.testing.served import LOCAL
from seldon_runtime_rest.compression.responses import Packing, coding_of
from seldon_runtime_rest.extension import HttpResponse, HttpRoute
from seldon_runtime_rest.request import Headers, HttpRequest

LARGE = 200_000
PACKED = (("content-Encoding", "gzip"),)


class Repeats:
    def predict(self, X: Any, names: Any) -> Any:
        return np.ones(int(X[0]))


class Pages:
    """Routes with responses of their own."""

    @hookimpl(optionalhook=True)
    def seldon_http_routes(self, service: Any) -> list[HttpRoute]:
        pages = {
            "/events": HttpResponse(200, b"data: x\n\n" * 1000, "text/event-stream"),
            "/image": HttpResponse(200, bytes(1000), "image/png"),
            "/packed": HttpResponse(
                200, gzip.compress(bytes(10**6)), headers=(("content-Encoding", "gzip"),)
            ),
            "/as_it_is": HttpResponse(
                200, b"text " * 1000, "text/plain", (("cache-control", "max-age=60, No-Transform"),)
            ),
            "/text": HttpResponse(200, b"text " * 1000, "text/plain"),
            "/empty": HttpResponse(204),
        }
        return [HttpRoute(("GET",), path, lambda request: pages[request.path]) for path in pages]


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def serve(*words: str) -> Served:
        started.append(Served("rest", Repeats(), (*LOCAL, *words), extensions=[Pages()]).start())
        return started[-1]

    yield serve
    for served in started:
        served.stop()


@pytest.fixture(scope="module")
def address(serve: Callable[..., Served]) -> str:
    return urlsplit(serve("--http-compress-from", "500").address).netloc


def ask(
    address: str, accepted: str | None, path: str = "/predict", count: int = 1000, verb: str = "POST"
) -> tuple[http.client.HTTPResponse, bytes]:
    headers = {"Content-Type": "application/json"}
    if accepted is not None:
        headers["Accept-Encoding"] = accepted
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        body = json.dumps({"data": {"ndarray": [count]}}) if verb == "POST" else None
        connection.putrequest(verb, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("count", [1000, LARGE])
def test_an_answer_is_compressed_on_demand(address: str, coding: str, count: int) -> None:
    response, body = ask(address, coding, count=count)
    assert response.headers["Content-Encoding"] == coding
    assert response.headers.get_all("Vary") == ["Accept-Encoding"]
    assert int(response.headers["Content-Length"]) == len(body)
    whole = UNPACK[coding](body)
    assert len(body) < len(whole) / 10
    assert json.loads(whole)["data"]["ndarray"] == [1.0] * count


@pytest.mark.parametrize("accepted", [None, "", "identity", "br", "gzip;q=0", "deflate;q=no"])
def test_a_client_that_does_not_accept_it_gets_plain_answers(address: str, accepted: str | None) -> None:
    response, body = ask(address, accepted)
    assert response.headers["Content-Encoding"] is None
    assert response.headers["Vary"] == "Accept-Encoding"
    assert json.loads(body)["data"]["ndarray"] == [1.0] * 1000


def test_a_small_answer_is_plain(address: str) -> None:
    response, _ = ask(address, "gzip", count=2)
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "coding"), [("/events", None), ("/image", None), ("/packed", "gzip"), ("/as_it_is", None)]
)
def test_streams_of_events_compressed_media_and_what_forbids_it_stay_as_they_are(
    address: str, path: str, coding: str | None
) -> None:
    response, body = ask(address, "gzip", path, verb="GET")
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == (coding, None)
    assert len(gzip.decompress(body) if coding else body) >= 1000


def test_a_response_without_a_body_stays_so(address: str) -> None:
    head, body = ask(address, "gzip", "/text", verb="HEAD")
    assert (head.headers["Content-Encoding"], head.headers["Vary"], body) == (None, "Accept-Encoding", b"")
    assert gzip.decompress(ask(address, "gzip", "/text", verb="GET")[1]) == b"text " * 1000
    assert ask(address, "gzip", "/empty", verb="GET")[0].status == 204


def test_errors_are_compressed_too(serve: Callable[..., Served]) -> None:
    address = urlsplit(serve("--http-compress-from", "0").address).netloc
    response, body = ask(address, "gzip", "/nothing", verb="GET")
    assert (response.status, response.headers["Content-Encoding"]) == (404, "gzip")
    assert json.loads(gzip.decompress(body))["status"]["status"] == 1


def test_without_the_setting_answers_are_plain(serve: Callable[..., Served]) -> None:
    response, _ = ask(urlsplit(serve().address).netloc, "gzip", count=LARGE)
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == (None, None)


def test_answers_of_one_connection_keep_their_order(address: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        for count in (LARGE, 2, 1000, LARGE):
            body = json.dumps({"data": {"ndarray": [count]}})
            headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
            connection.request("POST", "/predict", body, headers)
            response = connection.getresponse()
            answer = response.read()
            plain = gzip.decompress(answer) if response.headers["Content-Encoding"] else answer
            assert len(json.loads(plain)["data"]["ndarray"]) == count
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "gzip"),
        ("deflate, gzip;q=0.5", "deflate"),
        ("GZIP", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0, *", "deflate"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.8", "gzip"),
        ("identity;q=0, *;q=0", None),
        ("gzip;q=2", "gzip"),
        ("gzip;q=-1", None),
        ("gzip ; q = 0.3", "gzip"),
        (";,;", None),
    ],
)
def test_the_preferred_coding_is_chosen(accepted: str, coding: str | None) -> None:
    assert coding_of(accepted) == coding


def test_a_response_is_plain_when_no_thread_is_free() -> None:
    def busy(work: Any, done: Any) -> None:
        raise SeldonError("too many", code=ErrorCode.OVERLOADED)

    request = HttpRequest("GET", "/", "", Headers([(b"accept-encoding", b"gzip")]), None)
    response = Packing(0, busy).packed(HttpResponse(200, bytes(LARGE)), request, lambda *outcome: None)
    assert response is not None
    assert (response.body, response.headers) == (bytes(LARGE), (("Vary", "Accept-Encoding"),))
