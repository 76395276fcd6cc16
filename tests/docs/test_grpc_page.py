"""The Python client of the gRPC page, made and run as the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime_grpc.v1.services import SERVICES
from tests.support.paths import ROOT

CLASSIFIER = """
    class Classifier:
        def predict(self, X, features_names):
            assert X.shape == (1, 4)
            return X[:, :3] / 10
"""


def blocks(language: str) -> list[str]:
    page = (
        (ROOT / "docs" / "reference/grpc.md")
        .read_text()
        .partition("## A Python client")[2]
        .partition("\n## ")[0]
    )
    return re.findall(rf"```{language}\n(.*?)```", page, re.S)


def test_every_service_and_rpc_of_the_protocol_is_on_the_page() -> None:
    page = (ROOT / "docs/reference/grpc.md").read_text()
    section = page.partition("## Services")[2].partition("\n## ")[0]
    for service, methods in SERVICES.items():
        short = service.rpartition(".")[2]
        assert f"`{short}`" in section
        assert [
            name for name in methods if f"`{name}`" not in section and f"`{short}.{name}`" not in section
        ] == []


def test_the_client_of_the_page_is_answered(seldon_run: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools")
    client = tmp_path / "client"
    client.mkdir()
    (commands,) = blocks("sh")
    here = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    lines = [line for line in commands.splitlines() if not line.startswith("pip ")]
    subprocess.run(["sh", "-ec", "\n".join(lines)], cwd=client, env=os.environ | here, check=True)
    (program,) = blocks("python")
    server = seldon_run("Classifier", "GRPC", source=CLASSIFIER)
    (client / "client.py").write_text(program.replace("localhost:5000", f"localhost:{server.ports['grpc']}"))
    asked = subprocess.run(
        [sys.executable, "client.py"], cwd=client, capture_output=True, text=True, check=True
    )
    assert asked.stdout == "[1, 3] [0.51, 0.35, 0.13999999999999999]\n"
