"""What a manifest promises a cluster, compared with how ``seldon-run`` lives."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from seldon_runtime_tools.cli import main

PLAIN = """
    class Plain:
        def predict(self, X, features_names):
            return X
"""


def test_a_pod_is_ready_drains_and_ends_as_its_manifest_says(
    seldon_run: Callable[..., Any], tmp_path: Path
) -> None:
    given = [
        "MODEL_NAME=Plain",
        "METRICS=prometheus",
        "SELDON_DRAIN_DELAY_S=2",
        "SELDON_GRACE_S=5",
        "PREDICTIVE_UNIT_SERVICE_PORT=0",
    ]
    options = [word for setting in given for word in ("--setting", setting)]
    done = CliRunner().invoke(main, ["manifest", str(tmp_path), "--image", "i", *options])
    template = next(yaml.safe_load_all(done.output))["spec"]["template"]
    pod = template["spec"]
    (container,) = pod["containers"]
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    any_port = {"PREDICTIVE_UNIT_SERVICE_PORT": "0", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0"}
    server = seldon_run("Plain", source=PLAIN, env={**environment, **any_port})
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert server.get(container[probe]["httpGet"]["path"]).status == 200
    path = template["metadata"]["annotations"]["prometheus.io/path"]
    with server.client("metrics") as client:
        assert "seldon_runtime_" in client.get(path).text
    began = time.monotonic()
    server.terminate()
    server.wait_for_log("draining begins in")
    assert server.get(container["readinessProbe"]["httpGet"]["path"]).status == 503
    assert server.get(container["livenessProbe"]["httpGet"]["path"]).status == 200
    assert server.post("/predict", {"data": {"ndarray": [[1]]}}).status == 200
    assert server.wait() == 0
    assert time.monotonic() - began < pod["terminationGracePeriodSeconds"]
    assert pytest.approx(2 + 5 + 10, abs=1) == pod["terminationGracePeriodSeconds"]
