"""The endpoints of the REST page are those of the running server, with their verbs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.plugin import embedded_service, environment_settings
from seldon_runtime_rest.assembly import assemble
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.plugin import seldon_options
from tests.support.http_client import HttpClient
from tests.support.paths import DOCS

TEXT = (DOCS / "reference/rest.md").read_text()
ROWS = re.findall(r"^\| ((?:`/[^`]*`(?:, )?)+) \| ([A-Z, ]+) \|", TEXT, re.M)
DOCUMENTED = {
    path: sorted(verbs.split(", ")) for cell, verbs in ROWS for path in re.findall(r"`([^`]+)`", cell)
}


class Identity:
    def predict(self, X: Any, features_names: Any) -> Any:
        return X


@pytest.fixture
def served(serve_by: Callable[..., Any]) -> Any:
    return serve_by("rest", Identity())


def test_every_route_of_the_table_is_documented_and_no_other() -> None:
    service = embedded_service(Identity())
    settings = environment_settings(list(seldon_options()))
    table = assemble(service, settings, RequestThreads(service.queue_size)).table
    verbs = {path: sorted(set(verbs) - {"HEAD"}) for path, verbs in table.verbs_of_paths().items()}
    assert verbs == DOCUMENTED


def test_the_running_server_allows_the_documented_verbs(served: Any) -> None:
    with HttpClient(int(served.address.rpartition(":")[2])) as client:
        for path, verbs in DOCUMENTED.items():
            answer = client.request("OPTIONS", path.replace("{name}", "swagger-ui.css"))
            allowed = set(answer.headers["allow"].split(", "))
            assert (answer.status, allowed) == (200, {*verbs, "OPTIONS", *({"HEAD"} & allowed)}), path
            assert ("HEAD" in allowed) == ("GET" in verbs)


@pytest.mark.parametrize("path", [path for path, verbs in DOCUMENTED.items() if verbs == ["GET"]])
def test_a_get_endpoint_answers_without_a_body(served: Any, path: str) -> None:
    with HttpClient(int(served.address.rpartition(":")[2])) as client:
        status = client.get(path.replace("{name}", "swagger-ui.css")).status
        assert status == (302 if path == "/docs" else 200)


def test_the_statuses_that_the_page_names_are_answered(served: Any) -> None:
    port = int(served.address.rpartition(":")[2])
    message = b'{"strData": "x"}'
    json_type = {"Content-Type": "application/json"}
    requests = {
        403: ("POST", "/send-feedback", b"{}", {**json_type, "Origin": "https://elsewhere.example"}),
        404: ("GET", "/nothing", None, {}),
        405: ("DELETE", "/predict", None, {}),
        413: ("POST", "/predict", None, {**json_type, "Content-Length": str(2**40)}),
        415: ("POST", "/predict", message, {"Content-Type": "text/html"}),
        431: ("GET", "/predict", None, {"X-Long": "x" * 70_000}),
        501: ("POST", "/route", message, json_type),
    }
    for status, (verb, path, body, headers) in requests.items():
        with HttpClient(port) as client:
            assert client.request(verb, path, body, headers).status == status
    section = TEXT.partition("## Statuses")[2].partition("\n## ")[0]
    named = {int(word) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.M) for word in row.split(", ")}
    assert set(requests) - {501} <= named
