"""A folder of user code with the name of a library does not break the runtime."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = """
    import own_module

    class Model:
        def predict(self, X, names):
            return own_module.SUFFIX
        def init_metadata(self):
            return {"name": "x", "inputs": [{"messagetype": "strData"}]}
"""


def use_everything(server: Any) -> None:
    """Use what the runtime imports late: msgspec, Werkzeug, Flask and orjson."""
    assert server.post("/predict", {"data": {"ndarray": [[1.5, "x"]]}}).json["strData"] == "own"
    assert server.get("/predict?json=%7B%22strData%22%3A%22x%22%7D").json["strData"] == "own"
    assert server.get("/metadata").json["name"] == "x"
    assert "swagger" in server.get("/docs/").text


@pytest.mark.parametrize(
    "name", ["msgspec", "numpy", "orjson", "httptools", "werkzeug", "flask", "flask_swagger_ui", "click"]
)
def test_a_folder_with_the_name_of_a_library_hides_nothing(
    seldon_run: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("raise ImportError('the wrong one')\n")
    (tmp_path / "own_module.py").write_text("SUFFIX = 'own'\n")
    server = seldon_run("Model", "REST", source=SOURCE, folder=tmp_path, env={"METRICS": "prometheus"})
    use_everything(server)


@pytest.mark.parametrize("name", ["core", "plugins", "tests", "models", "service"])
def test_a_folder_with_another_name_is_the_users(
    seldon_run: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("SUFFIX = 'own'\n")
    source = SOURCE.replace("import own_module", f"import {name} as own_module")
    use_everything(seldon_run("Model", "REST", source=source, folder=tmp_path))


def test_a_hidden_file_is_named_in_the_log(seldon_run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "own_module.py").write_text("SUFFIX = 'own'\n")
    (tmp_path / "flask.py").write_text("raise ImportError('the wrong one')\n")
    server = seldon_run("Model", "REST", source=SOURCE, folder=tmp_path)
    use_everything(server)
    server.wait_for_log(re.escape(f"{tmp_path / 'flask.py'} has the name of the library flask"))
