"""The dashboard and the example alerts ask for metrics that there are, in PromQL that parses."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from seldon_runtime.plugin import Method, SaveRecord, SeldonError

GRAFANA = files("seldon_runtime_metrics") / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboard.json").read_text())
ALERTS = (GRAFANA / "alerts.yaml").read_text()
METRIC = re.compile(r"\b(?:seldon_(?:runtime|api)|process)_\w+")
LABELS = re.compile(r"\b(?:by|on) ?\(([^)]*)\)|\{([^}]*)\}")


def expressions():
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def plain(expression):
    """Without Grafana's variables."""
    return expression.replace("$__rate_interval", "5m").replace("$deployment", ".*").replace("$model", ".*")


@pytest.fixture
def names(served):
    """Of all samples on a page on which everything has happened once."""
    served.call({"strData": "a"})
    with pytest.raises(SeldonError):
        served.call({"strData": 5})
    served.call({"reward": 1}, Method.SEND_FEEDBACK)
    served.observer.state_saved(SaveRecord(None, 100, 0.1, 0.2))
    return {name for name, _ in served.samples()}


def test_every_metric_of_the_dashboard_is_on_the_page(names):
    asked = {name for _, expression in expressions() for name in METRIC.findall(expression)}
    asked |= set(METRIC.findall(json.dumps(DASHBOARD["templating"])))
    assert len(asked) > 15
    assert asked <= names


def test_every_metric_of_the_alerts_is_on_the_page(names):
    asked = set(METRIC.findall(ALERTS))
    assert len(asked) > 8
    assert asked <= names


def test_every_label_they_ask_for_is_on_the_page(names, served):
    known = {label for _, labels in served.samples() for label, _ in labels} | {"job", "instance", "le"}
    text = ALERTS + "\n".join(expression for _, expression in expressions())
    for grouped, matched in LABELS.findall(re.sub(r"\{\{.*?\}\}|labels: \{.*", "", text)):
        asked = re.split(r", *", grouped) if grouped else re.findall(r"(\w+) *[=!]", matched)
        assert set(filter(None, asked)) <= known


def test_the_dashboard_s_queries_parse(promtool, tmp_path):
    rules = [{"record": f"q{n}", "expr": plain(e)} for n, (_, e) in enumerate(expressions())]
    path = tmp_path / "rules.yaml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked = promtool("check", "rules", str(path))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_alerts_are_rules_that_prometheus_takes(promtool):
    checked = promtool("check", "rules", str(GRAFANA / "alerts.yaml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_panels_have_places_and_units_of_their_own():
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    assert all(
        panel["fieldConfig"]["defaults"]["unit"] for panel in DASHBOARD["panels"] if panel["type"] != "row"
    )
