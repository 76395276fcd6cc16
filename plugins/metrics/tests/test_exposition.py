"""The port that Prometheus scrapes: formats, refusals, and clients that mean no good."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from seldon_runtime.errors import StartupError
from seldon_runtime.message import Method
from seldon_runtime.observer import SaveRecord
from seldon_runtime_metrics import server

ROWS = {"type": "COUNTER", "key": "rows", "value": 1}


def test_a_client_without_wishes_gets_prometheus_text(served, promtool):
    served.measure(ROWS, {**ROWS, "type": "TIMER", "key": "took_seconds"})
    served.call({"reward": 1}, Method.SEND_FEEDBACK)
    served.service.tell_saved(SaveRecord(None, 100, 0.1, 0.2))
    status, headers, body = served.get()
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    checked = promtool("check", "metrics", text=body.decode())
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_gets_openmetrics(served):
    served.measure(ROWS)
    accept = (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1"
    )
    _, headers, body = served.get(Accept=accept)
    assert headers["content-type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert body.endswith(b"\n# EOF\n")
    assert "rows" in {family.name for family in parse_openmetrics(body.decode())}


@pytest.mark.parametrize(
    "accept",
    [
        "text/plain;version=abc",
        "application/openmetrics-text;version=",
        "application/openmetrics-text;version=x.y",
        "application/openmetrics-text;version=é",
        "*/*",
        ";;;,,,===",
    ],
)
def test_a_strange_wish_still_gets_a_page(served, accept):
    status, headers, body = served.get(Accept=accept.encode().decode("latin-1"))
    assert status == 200
    assert headers["content-type"].startswith(
        ("text/plain; version=", "application/openmetrics-text; version=")
    )
    assert b"seldon_runtime_ready" in body


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


def test_the_path_can_be_chosen_and_a_query_does_not_matter(serve):
    served = serve(metrics_endpoint="/prometheus")
    assert served.transport.address.endswith("/prometheus")
    assert served.get("/prometheus?name=x")[0] == 200
    assert served.get("/prometheus/runtime")[0] == 200
    assert served.get("/metrics")[0] == 404


def test_the_runtime_s_metrics_can_be_kept_off_the_page_and_have_one_of_their_own(serve):
    served = serve(metrics_runtime=False)
    assert served.samples() == {}
    served.measure(ROWS)
    assert {name for name, _ in served.samples()} == {"rows_total"}
    runtime = {name for name, _ in served.samples("/metrics/runtime")}
    assert {"seldon_runtime_calls_total", "seldon_runtime_info", "process_open_fds"} <= runtime
    assert "rows_total" not in runtime


def test_both_stand_on_the_page_unless_told_otherwise(served):
    served.measure(ROWS)
    assert {"rows_total", "seldon_runtime_calls_total"} <= {name for name, _ in served.samples()}


def test_a_port_in_use_is_a_start_up_error_that_names_the_option(serve):
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(StartupError, match="--metrics-port"),
    ):
        serve(metrics_port=other.getsockname()[1])


def test_it_can_be_scraped_while_it_drains_and_not_after_the_stop(served):
    served.transport.stop_accepting()
    assert served.get()[0] == 200
    served.transport.stop(5)
    with pytest.raises(ConnectionRefusedError):
        served.get()


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
    wait_until(lambda: not answers(served))
    for connection in idle:
        connection.close()
    wait_until(lambda: answers(served))


def answers(served):
    try:
        return served.get()[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_page_that_cannot_be_made_is_a_500_and_the_next_one_works(served, monkeypatch, caplog):
    def fail():
        raise OSError("no space left")

    page = served.transport._page
    with monkeypatch.context() as patched:
        patched.setattr(page, "_prepare", fail)
        assert served.get()[0] == 500
    assert "no space left" in caplog.text
    assert served.get()[0] == 200


def test_many_scrapes_at_once_while_metrics_are_made(served):
    failures = []

    def scrape():
        try:
            for _ in range(5):
                list(parse_text(served.page()))
                list(parse_openmetrics(served.page(Accept="application/openmetrics-text")))
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=scrape) for _ in range(4)]
    for thread in threads:
        thread.start()
    number = 0
    while any(thread.is_alive() for thread in threads):
        number += 1
        served.measure(
            {"type": "COUNTER", "key": f"key{number % 50}", "value": 1, "tags": {f"t{number % 7}": "x"}}
        )
    assert not failures
