"""The formats and parts of a page."""

from __future__ import annotations

import threading

import prometheus_client
import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from seldon_runtime.plugin import Method, SaveRecord

ROWS = {"type": "COUNTER", "key": "rows", "value": 1}


def test_a_client_without_wishes_gets_prometheus_text(served, promtool):
    served.measure(ROWS, {**ROWS, "type": "TIMER", "key": "took_seconds"})
    served.call({"reward": 1}, Method.SEND_FEEDBACK)
    served.observer.state_saved(SaveRecord(None, 100, 0.1, 0.2))
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


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text",
        "application/openmetrics-text;version=1.0.0",
        "application/openmetrics-text;version=1.0.0;escaping=underscores",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
        "application/openmetrics-text;version=1.0.0;escaping=values",
    ],
)
def test_openmetrics_keeps_colons_so_that_two_keys_stay_two(served, accept):
    served.measure(
        {"type": "GAUGE", "key": "ns:rate", "value": 1},
        {"type": "GAUGE", "key": "ns_rate", "value": 2},
        {"type": "COUNTER", "key": "ns:rows", "value": 3},
        {"type": "TIMER", "key": "ns:took", "value": 4},
    )
    families = {family.name: family for family in parse_openmetrics(served.page(Accept=accept))}
    assert [(s.name, s.value) for s in families["ns:rate"].samples] == [("ns:rate", 1)]
    assert [(s.name, s.value) for s in families["ns_rate"].samples] == [("ns_rate", 2)]
    assert ("ns:rows_total", 3) in {(s.name, s.value) for s in families["ns:rows"].samples}
    assert ("ns:took_count", 1) in {(s.name, s.value) for s in families["ns:took"].samples}


def test_a_name_of_user_code_that_the_client_cannot_read_is_escaped(served):
    class Odd:
        def describe(self):
            return []

        def collect(self):
            odd = GaugeMetricFamily("my.rate", "Of the user.", labels=["my.zone"])
            odd.add_metric(["a"], 1)
            yield odd

    prometheus_client.REGISTRY.register(odd := Odd())
    try:
        page = served.page(Accept="application/openmetrics-text")
        assert '# TYPE my_rate gauge\nmy_rate{my_zone="a"} 1.0\n' in page
    finally:
        prometheus_client.REGISTRY.unregister(odd)


def test_both_stand_on_the_page_unless_told_otherwise(served):
    served.measure(ROWS)
    assert {"rows_total", "seldon_runtime_calls_total"} <= {name for name, _ in served.samples()}


def test_the_runtime_s_metrics_can_be_kept_off_the_page_and_have_one_of_their_own(serve):
    served = serve(metrics_runtime=False)
    assert served.samples() == {}
    served.measure(ROWS)
    assert {name for name, _ in served.samples()} == {"rows_total"}
    runtime = {name for name, _ in served.samples("/metrics/runtime")}
    assert {"seldon_runtime_calls_total", "seldon_runtime_info", "process_open_fds"} <= runtime
    assert "rows_total" not in runtime


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
