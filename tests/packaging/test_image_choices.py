"""Images of every choice of plugins. Slow: each is an installation of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif("SELDON_TEST_SLOW" not in os.environ, reason="slow: run by tox's images")
PLUGINS = {"rest", "grpc", "persistence-redis", "metrics"}


def installed(path: str) -> set[str]:
    """The plugins of this tree in an image."""
    code = "from importlib.metadata import distributions as d; print(*(i.name for i in d()))"
    python = shutil.which("python", path=path)
    names = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    return {name.removeprefix("seldon-runtime-") for name in names} & PLUGINS


@pytest.mark.parametrize(
    ("arguments", "plugins"),
    [
        (["API_TYPE=REST"], {"rest"}),
        (["API_TYPE=grpc"], {"grpc"}),
        (["API_TYPE=REST", "PERSISTENCE=1"], {"rest", "persistence-redis"}),
        (["API_TYPE=GRPC,REST", "PERSISTENCE=redis", "METRICS=prometheus"], PLUGINS),
        (["API_TYPE=REST", "PERSISTENCE=file"], {"rest"}),
    ],
)
def test_an_image_has_the_plugins_of_its_arguments_and_serves(
    arguments: list[str],
    plugins: set[str],
    components: Mapping[str, Path],
    docker: Callable[..., Any],
    container: Callable[..., Any],
    image: Callable[[str], Any],
) -> None:
    options = [word for argument in arguments for word in ("--build-arg", argument)]
    built = docker("build", str(components["MODEL"]), *options, "-t", "choice")
    assert built.returncode == 0, built.stderr
    assert installed(image("choice")["variables"]["PATH"]) == plugins
    unset = ("-e", "PERSISTENCE=0", "-e", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT=0")
    server = container("choice", "-e", "PREDICTIVE_UNIT_SERVICE_PORT=0", *unset)
    if "rest" in plugins:
        assert server.post("/predict", {"data": {"ndarray": [[0, 0]]}}).status == 200
    if "grpc" in plugins:
        with server.grpc_client() as client:
            assert client.call_raw("grpc.health.v1.Health/Check", b"") == b"\x08\x01"


GUIDE = """\
FROM python:3.13-slim
COPY . /app
WORKDIR /app
RUN pip install -r requirements.txt
EXPOSE 5000

# Define environment variable
ENV MODEL_NAME MyModel
ENV API_TYPE REST
ENV SERVICE_TYPE MODEL
ENV PERSISTENCE 0

CMD exec seldon-core-microservice $MODEL_NAME $API_TYPE --service-type $SERVICE_TYPE --persistence $PERSISTENCE
"""  # noqa: E501 - as it stands in the guide
"""The Dockerfile of Seldon Core's packaging guide; the base image alone is a current one."""


@pytest.mark.parametrize("api_type", ["REST", "GRPC"])
def test_an_image_made_for_the_wrapper_serves_with_the_drop_in(
    api_type: str, docker: Callable[..., Any], container: Callable[..., Any], tmp_path: Path
) -> None:
    tmp_path.joinpath("requirements.txt").write_text("seldon-runtime-compat\n")
    tmp_path.joinpath("MyModel.py").write_text(
        "class MyModel(object):\n"
        "    def __init__(self):\n        print('Initializing')\n\n"
        "    def predict(self,X,features_names):\n        return X\n\n"
        "    def tags(self):\n        return {'mytag': 1}\n\n"
        '    def metrics(self):\n    \treturn [{"type": "COUNTER", "key": "mycounter", "value": 1}]\n'
    )
    tmp_path.joinpath("Dockerfile").write_text(GUIDE)
    built = docker("build", str(tmp_path), "-t", "dropin")
    assert built.returncode == 0, built.stderr
    ports = ("-e", "PREDICTIVE_UNIT_SERVICE_PORT=0", "-e", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT=0")
    server = container("dropin", "-e", f"API_TYPE={api_type}", *ports)
    assert server.ports.keys() == {api_type.lower(), "metrics"}
    if api_type == "REST":
        answer = server.post("/predict", {"data": {"ndarray": [[1, 2]]}}).json
        assert answer["data"] == {"names": ["t:0", "t:1"], "ndarray": [[1, 2]]}
        assert answer["meta"]["tags"] == {"mytag": 1}
        assert answer["meta"]["metrics"] == [{"key": "mycounter", "type": "COUNTER", "value": 1}]
    else:
        with server.grpc_client() as client:
            answer = client.call_raw("seldon.protos.Model/Predict", b"\x22\x05hello")
        assert b"hello" in answer
    server.stop()
    assert "Initializing" in server.log
