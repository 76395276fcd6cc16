"""The observers of the pages for plugin authors, and its settings."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from seldon_runtime import SeldonError
from seldon_runtime.testing import WAIT_S
from tests.support.components import ECHO
from tests.support.neutral import message, predict
from tests.support.pages import PLUGINS, Page

PAGE = Page(*PLUGINS)
EXTENSION = "seldon_runtime.extension"


def test_the_first_plugin_of_the_page_logs_slow_calls_and_the_life_of_the_process(
    seldon_run, install
) -> None:
    (project,) = re.findall(r"```toml\n# pyproject.toml\n(.*?)```", PAGE.text, re.S)
    groups = tomllib.loads(project)["project"]["entry-points"]
    site = install("acme-seldon-slow", groups, PAGE.sources("acme_slow"))
    env = {"PYTHONPATH": str(site), "SELDON_EXTENSIONS": "slow"}
    process = seldon_run("Echo", "REST", "--slow-s", "0", source=ECHO, env=env)
    process.post("/predict", {"strData": "x"})
    process.wait_for_log(r"WARNING acme_slow: predict took \d")
    process.stop()
    states = re.findall(r"INFO acme_slow: the process is (\w+)", process.log)
    assert states == ["loading", "loaded", "ready", "draining", "stopped"]


def test_the_option_of_the_page_is_a_setting() -> None:
    (option,) = PAGE.module("options").seldon_options()
    assert (option.name, option.envvar) == ("zmq_timeout_s", "SELDON_ZMQ_TIMEOUT_S")


def test_user_code_sees_the_span_of_its_call_and_a_thread_writes_all(make_service, tmp_path: Path) -> None:
    module = PAGE.module("acme_spans")
    seen = []

    class Sees:
        def predict(self, X, features_names):
            seen.append(module.SPAN.get())
            return X

    spans = module.Spans(tmp_path / "spans")
    spans.start()
    service = make_service(Sees())
    service.attach([spans])
    for parent in ("a", "b"):
        service.call(predict(message("x"), headers={"traceparent": parent}))
    with pytest.raises(SeldonError):
        service.call(predict(message("x"), cancelled=True))
    spans.stop(WAIT_S)
    written = [json.loads(line) for line in (tmp_path / "spans").read_text().splitlines()]
    assert [span["parent"] for span in seen] == ["a", "b"]
    assert [span.get("id") for span in written] == [*(span["id"] for span in seen), None]
    assert [(span["method"], span["status"]) for span in written] == [
        *[("predict", "OK")] * 2,
        ("predict", "CANCELLED"),
    ]


def test_a_file_for_spans_that_cannot_be_written_stops_the_start(installed) -> None:
    process = installed(
        {EXTENSION: {"spans": "acme_spans"}},
        *("Echo", "REST", "--extension", "spans", "--spans-file", "missing/spans"),
        source=ECHO,
        wait=False,
    )
    assert process.wait() == 3
    assert "cannot write missing/spans" in process.log
    assert "Traceback" not in process.log
