"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable

from rest_client import fetch, post

from seldon_runtime.testing import Process

UPPER = """
    class Upper:
        def predict(self, X, features_names):
            return X.upper()
"""
ENV = {"METRICS": "my-name", "SELDON_MY_NAME_PORT": "0"}


def test_the_page_shows_the_calls_of_all_results(seldon_run: Callable[..., Process]) -> None:
    process = seldon_run("Upper", "REST", source=UPPER, env=ENV)
    for value, times in (("strData", 2), ("jsonData", 1)):
        for _ in range(times):
            post(process, "/predict", {value: "x" if value == "strData" else 1})
    page = process.addresses["my-name"]
    status, text = fetch(page)
    assert (status, text.decode().splitlines()) == (
        200,
        [
            "# TYPE my_name_calls_total counter",
            'my_name_calls_total{method="predict",code="COMPONENT_FAILED"} 1',
            'my_name_calls_total{method="predict",code="OK"} 2',
        ],
    )
    assert fetch(page.replace("/metrics", "/other"))[0] == 404


def test_several_workers_stop_the_start(seldon_run: Callable[..., Process]) -> None:
    process = seldon_run("Upper", "REST", "--workers", "2", source=UPPER, env=ENV, wait=False)
    assert process.wait() == 3
    assert "leave --workers out" in process.log
