"""The objects that ``seldon-component manifest`` prints, and the check of Kubernetes objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from click.testing import CliRunner, Result

from seldon_runtime_tools.cli import main

OLDEST = "1.27"
"""The first version of Kubernetes with stable gRPC probes."""
PARAMETERS = '[{"name": "n", "value": 1, "type": "INT"}]'
COMPONENTS = [
    ["API_TYPE=REST"],
    ["API_TYPE=GRPC"],
    ["API_TYPE=REST,GRPC", "METRICS=prometheus"],
    ["API_TYPE=grpc,rest", "PERSISTENCE=redis", "REDIS_SERVICE_HOST=redis"],
    ["PREDICTIVE_UNIT_SERVICE_PORT=8000", f"PREDICTIVE_UNIT_PARAMETERS={PARAMETERS}"],
]


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["manifest", str(folder), "--image", "example/fraud:1", *arguments])


def manifest(folder: Path, *arguments: str) -> list[Any]:
    done = run(folder, *arguments)
    assert done.exit_code == 0, done.output
    return list(yaml.safe_load_all(done.output))


def settings(*given: str) -> list[str]:
    return [word for setting in given for word in ("--setting", setting)]


def validate(thing: Any) -> None:
    for version in (OLDEST, kubernetes_validate.latest_version()):
        kubernetes_validate.validate(thing, version, strict=True)


def pod_of(spec: Any) -> Any:
    """A pod with this specification, as the cluster would make it."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}
