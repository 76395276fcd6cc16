"""Components as ``seldon-component new`` writes them: built, served and called."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.inference.identity import ServiceType
from seldon_runtime_tools.new_component import EXAMPLES

TYPES = sorted(kind.value for kind in ServiceType)
FREE_PORT = ("-e", "PREDICTIVE_UNIT_SERVICE_PORT=0")


@pytest.mark.parametrize("kind", TYPES)
def test_a_new_component_is_built_served_and_answers_what_its_contract_says(
    kind: str,
    components: Mapping[str, Path],
    container: Callable[..., Any],
    seldon_component: Callable[..., str],
) -> None:
    server = container(kind.lower(), *FREE_PORT)
    path, body = EXAMPLES[ServiceType(kind)]
    answer = server.request("POST", path, body.encode(), {"Content-Type": "application/json"})
    assert answer.status == 200, answer.text
    told = seldon_component("test", str(components[kind]), "--url", server.url, "--requests", "20")
    assert "20 requests with 3 rows each: all answers fit" in told
    assert "all answers fit" in seldon_component(
        "test", str(components[kind]), "--url", server.url, "--tensor", "--rows", "1"
    )


def test_the_tests_of_new_components_pass(components: Mapping[str, Path]) -> None:
    files = [str(folder / f"test_{folder.name}.py") for folder in components.values()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=components["MODEL"].parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(TYPES)} passed" in done.stdout


def test_only_the_plugins_that_the_arguments_ask_for_are_in_the_image(
    components: Mapping[str, Path], container: Callable[..., Any]
) -> None:
    refused = container("model", *FREE_PORT, "-e", "API_TYPE=GRPC", wait=False)
    assert refused.wait() == 3
    assert "pip install 'seldon-runtime[grpc]'" in refused.log
    refused = container("model", *FREE_PORT, "-e", "PERSISTENCE=redis", wait=False)
    assert refused.wait() == 3
    refused = container("model", *FREE_PORT, "-e", "METRICS=prometheus", wait=False)
    assert refused.wait() == 3


def test_a_changed_class_does_not_install_the_requirements_again(
    components: Mapping[str, Path], docker: Callable[..., Any], container: Callable[..., Any], tmp_path: Path
) -> None:
    folder = shutil.copytree(components["COMBINER"], tmp_path / "changed")
    file = folder / "MyCombiner.py"
    file.write_text(
        file.read_text().replace("return np.mean(", "print('asked')\n        return 10 * np.mean(")
    )
    built = docker("build", str(folder), "-t", "changed")
    assert built.returncode == 0
    assert "RUN" not in built.stdout
    message = {"data": {"ndarray": [[1.0, 2.0]]}}
    server = container("changed", *FREE_PORT)
    answer = server.post("/aggregate", {"seldonMessages": [message, message]})
    assert answer.json["data"]["ndarray"] == [[10.0, 20.0]]
    server.wait_for_log("asked")  # what a class prints is seen at once


def test_the_image_holds_what_is_served_and_nothing_else(
    components: Mapping[str, Path], image: Callable[[str], Any]
) -> None:
    app = Path(image("model")["app"])
    files = {str(path.relative_to(app)) for path in app.rglob("*") if "__pycache__" not in path.parts}
    assert files == {"MyModel.py", "requirements.txt", ".s2i", ".s2i/environment", "seldon-state"}


def test_the_health_check_tells_a_ready_server_from_none(
    components: Mapping[str, Path], container: Callable[..., Any], docker: Callable[..., Any], free_port: int
) -> None:
    port = ("-e", f"PREDICTIVE_UNIT_SERVICE_PORT={free_port}")
    assert docker("health", *port, "model").returncode != 0
    server = container("model", *port)
    assert docker("health", *port, "model").returncode == 0
    server.stop()
    assert docker("health", *port, "model").returncode != 0


def test_the_health_check_asks_over_grpc_too_and_else_for_the_port(
    components: Mapping[str, Path], container: Callable[..., Any], docker: Callable[..., Any], free_port: int
) -> None:
    full = ("--build-arg", "API_TYPE=REST,GRPC", "--build-arg", "METRICS=prometheus")  # as the packaging page
    assert docker("build", str(components["MODEL"]), *full, "-t", "full").returncode == 0
    port = ("-e", f"PREDICTIVE_UNIT_SERVICE_PORT={free_port}", "-e", "METRICS=0")
    grpc, other = (*port, "-e", "API_TYPE=grpc"), (*port, "-e", "API_TYPE=ACME")
    secure = (*grpc, "-e", "SELDON_GRPC_TLS_CERT=/tls/tls.crt")  # of another container: it only connects
    checked = (grpc, other, secure)
    assert all(docker("health", *options, "full").returncode != 0 for options in checked)
    container("full", *grpc)
    assert [docker("health", *options, "full").returncode for options in checked] == [0, 0, 0]


def test_variables_given_at_the_start_win(
    components: Mapping[str, Path], container: Callable[..., Any]
) -> None:
    parameters = '[{"name": "threshold", "value": "0.5", "type": "FLOAT"}]'
    server = container(
        "model", *FREE_PORT, "-e", f"PREDICTIVE_UNIT_PARAMETERS={parameters}", "-e", "API_TYPE=rest"
    )
    assert server.post("/predict", {"data": {"ndarray": [[0.5, 0.5]]}}).json["data"]["ndarray"] == [[0.5]]


def test_state_may_be_kept_in_the_folder_made_for_it(
    components: Mapping[str, Path], container: Callable[..., Any]
) -> None:
    certain = '[{"name": "exploration", "value": "0", "type": "FLOAT"}]'
    router = ("router", *FREE_PORT, "-e", "PERSISTENCE=file", "-e", f"PREDICTIVE_UNIT_PARAMETERS={certain}")
    server = container(*router)
    server.post("/send-feedback", {"response": {"meta": {"routing": {"0": 1}}}, "reward": 1.0})
    server.stop()
    answer = container(*router).post("/route", {"data": {"ndarray": [[0.0]]}})
    assert answer.json["data"]["ndarray"] == [[1]]


def test_a_lock_file_decides_what_is_installed(
    components: Mapping[str, Path], docker: Callable[..., Any], wheelhouse: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(components["MODEL"], tmp_path / "locked")
    lock = folder / "requirements.lock"
    lock.write_text(locked(wheelhouse, folder / "requirements.txt"))
    base = f"BASE=python:3.13-slim@sha256:{'0' * 64}"
    built = docker("build", str(folder), "--build-arg", base, "-t", "locked")
    assert built.returncode == 0, built.stdout + built.stderr
    text = lock.read_text()
    lock.write_text(re.sub("sha256:[0-9a-f]{8}", "sha256:00000000", text))
    refused = docker("build", str(folder), "-t", "refused")
    assert refused.returncode != 0
    assert "hash" in (refused.stdout + refused.stderr).lower()


def locked(wheelhouse: Path, requirements: Path) -> str:
    """Return a lock of the component's requirements and of REST, as ``uv pip compile`` writes it."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    places = ["--report", "-", "--no-index", "--find-links", str(wheelhouse)]
    done = subprocess.run(
        [*command, *places, "-r", str(requirements), "seldon-runtime[rest]"], check=True, capture_output=True
    )
    lines = []
    for item in json.loads(done.stdout)["install"]:
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{item['metadata']['name']}=={item['metadata']['version']} --hash=sha256:{digest}\n")
    return "".join(sorted(lines))
