"""The port that Prometheus scrapes: formats, refusals, and clients that mean no good."""

from __future__ import annotations

import gzip
import http.client
import socket
import ssl
import time
from contextlib import closing

import pytest

from seldon_runtime.testing import wait_until
from seldon_runtime.transport import tls
from seldon_runtime_metrics.page import server

trustme = pytest.importorskip("trustme")

ROWS = {"type": "COUNTER", "key": "rows", "value": 1}


def test_the_page_is_compressed_for_those_who_take_it(served):
    _, headers, body = served.get(**{"Accept-Encoding": "gzip, deflate"})
    assert headers["content-encoding"] == "gzip"
    assert b"seldon_runtime_ready" in gzip.decompress(body)


def test_head_is_get_without_the_body(served):
    status, headers, body = served.get(verb="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 1000


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"])
def test_other_methods_are_not_allowed(served, verb):
    status, headers, _ = served.get(verb=verb)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/", "/predict", "/metrics/", "/metricsx", "/metrics/runtime/x", "/../metrics"]
)
def test_other_paths_are_not_found(served, path):
    status, headers, body = served.get(path)
    assert (status, headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert b"/metrics" in body


def test_a_client_that_never_ends_its_request_is_dropped(served, monkeypatch):
    monkeypatch.setattr(server, "REQUEST_S", 0.2)
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\n")
        began = time.monotonic()
        assert slow.recv(1000) == b""
        assert time.monotonic() - began < 5


def send_until_refused(port, piece, pause_s):
    """How many pieces went out before the server closed the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        for number in range(10_000):
            try:
                client.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return number
            time.sleep(pause_s)
    return None


def test_a_byte_at_a_time_does_not_buy_more_time(served, monkeypatch):
    monkeypatch.setattr(server, "REQUEST_S", 0.3)
    assert send_until_refused(served.port, b"x", 0.01) is not None


def test_a_request_without_end_is_dropped(served):
    assert send_until_refused(served.port, b"X-Header: " + b"x" * 1000 + b"\r\n", 0) is not None


@pytest.mark.parametrize(
    "nonsense", [b"", b"\x16\x03\x01\x02\x00", b"GET", b"GET /metrics HTTP/9.9", b"GET / X Y Z"]
)
def test_nonsense_is_answered_or_dropped_and_the_next_scrape_works(served, nonsense):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(nonsense + b"\r\n\r\n")
        while client.recv(4096):
            pass
    assert served.get()[0] == 200


def test_connections_are_limited_and_come_back(served):
    idle = [
        socket.create_connection(("127.0.0.1", served.port), timeout=10)
        for _ in range(server.MAX_CONNECTIONS)
    ]
    wait_until(lambda: not answers(served), "the page to refuse")
    for connection in idle:
        connection.close()
    wait_until(lambda: answers(served), "the page to answer")


def answers(served):
    try:
        return served.get()[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_a_page_that_cannot_be_made_is_a_500_and_the_next_one_works(served, monkeypatch, caplog):
    def fail():
        raise OSError("no space left")

    page = served.transport._page
    with monkeypatch.context() as patched:
        patched.setattr(page, "_prepare", fail)
        assert served.get()[0] == 500
    assert "no space left" in caplog.text
    assert served.get()[0] == 200


def test_the_page_is_served_over_tls_with_renewed_certificates(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(tls, "_LOOK_S", 0.0)
    authority = trustme.CA()
    cert, key, ca = (str(tmp_path / name) for name in ("cert.pem", "key.pem", "ca.pem"))
    authority.cert_pem.write_to_path(ca)

    def renew():
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(key)
        issued.cert_chain_pems[0].write_to_path(cert)

    def scrape(context):
        made = http.client.HTTPSConnection("127.0.0.1", served.port, timeout=10, context=context)
        with closing(made) as connection:
            connection.connect()
            certificate = connection.sock.getpeercert(binary_form=True)
            connection.request("GET", "/metrics")
            return connection.getresponse().read(), certificate

    renew()
    served = serve(metrics_tls_cert=cert, metrics_tls_key=key, metrics_tls_client_ca=ca)
    assert served.transport.address.startswith("https://")
    context = ssl.create_default_context(cafile=ca)
    with pytest.raises((http.client.HTTPException, OSError)):  # without a client's certificate
        scrape(context)
    authority.issue_cert("prometheus").configure_cert(context)
    with socket.create_connection(("127.0.0.1", served.port), timeout=10):  # never shakes hands
        body, first = scrape(context)
    assert b"seldon_runtime_ready" in body
    renew()
    assert scrape(context)[1] != first
