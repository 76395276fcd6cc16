"""References that name a model instead of a class."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_runtime.component.loading import load_class
from seldon_runtime.errors import StartupError


def refusal(reference: str) -> str:
    with pytest.raises(StartupError) as caught:
        load_class(reference)
    return str(caught.value)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "Churn4.py").write_text("class Churn4: pass\n")
    return tmp_path


def test_a_model_file_names_the_class_to_write(folder: Path) -> None:
    (folder / "churn.joblib").write_bytes(b"")
    assert refusal("churn.joblib") == (
        "churn.joblib is a file, and seldon-run serves a Python class. Write Churn.py with a class Churn "
        "that has self.model = joblib.load('churn.joblib') in load() and predict(self, X, names), then run: "
        "seldon-run Churn"
    )


@pytest.mark.parametrize("name", ["churn.pkl", "models/churn-2.onnx", "4.joblib", "weights.safetensors"])
def test_a_model_file_that_is_missing_is_recognized_by_its_suffix(name: str) -> None:
    message = refusal(name)
    assert message.startswith(f"{name} is a file, which does not exist here, and seldon-run serves a Python")
    assert "Did you mean" not in message
    assert message.rpartition("seldon-run ")[2].isidentifier()


def test_any_other_file_is_refused_too(folder: Path) -> None:
    (folder / "model.weights").write_bytes(b"")
    assert "has a load() that reads the file and predict(self, X, names)" in refusal("model.weights")


def test_a_uri_and_a_folder_are_refused(folder: Path) -> None:
    assert refusal("s3://bucket/churn").startswith("s3://bucket/churn is a URI, and seldon-run serves a")
    (folder / "models" / "churn").mkdir(parents=True)
    message = "models/churn is a folder, expected a class in it, such as models/churn/MyModel.py"
    assert refusal("models/churn") == message


def test_a_module_named_like_a_suffix_is_loaded(folder: Path) -> None:
    (folder / "pt").mkdir()
    (folder / "pt" / "Model.py").write_text("class Model: pass\n")
    assert load_class("pt.Model").__name__ == "Model"
