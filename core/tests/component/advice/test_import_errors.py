"""Failed imports of user code, and the remedy that the start names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seldon_runtime.component.advice.import_errors import remedy_of


def failed(statement: str) -> ImportError:
    with pytest.raises(ImportError) as caught:
        exec(statement)
    return caught.value


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("sklearn", "scikit-learn"),
        ("sklearn.linear_model", "scikit-learn"),
        ("PIL.Image", "pillow"),
        ("cv2", "opencv-python-headless"),
        ("yaml", "PyYAML"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("polars_of_nowhere", "polars-of-nowhere"),
        ("nowhere", "nowhere"),
    ],
)
def test_a_missing_module_names_the_package_that_has_it(name: str, package: str) -> None:
    error = ModuleNotFoundError(f"No module named {name!r}", name=name)
    assert remedy_of(error) == f". Install it with: pip install {package}"


def test_a_missing_module_behind_another_error_is_found() -> None:
    def load() -> None:
        try:
            import nowhere_at_all  # noqa: F401
        except ImportError as error:
            raise RuntimeError("the model cannot be read") from error

    with pytest.raises(RuntimeError) as caught:
        load()
    assert remedy_of(caught.value) == ". Install it with: pip install nowhere-at-all"


def test_a_missing_part_of_an_installed_package_is_not_installed() -> None:
    assert remedy_of(failed("import numpy.nowhere")) == ""
    assert remedy_of(failed("from numpy import nowhere")) == ""
    assert remedy_of(ValueError("no import at all")) == ""


def test_a_ring_of_exceptions_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert remedy_of(first) == ""


def test_a_missing_library_of_the_system_is_named() -> None:
    error = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    assert remedy_of(error) == ". Install the system's package that has libGL.so.1"


@pytest.mark.parametrize(
    ("files", "reference", "where", "remedy"),
    [
        (["shop/__init__.py"], "shop/Till.py", ".", "seldon-run shop.Till"),
        (["shop/__init__.py"], "Till", "shop", "cd .. && seldon-run shop.Till"),
        ([], "shop/Till.py", ".", "seldon-run shop.Till"),
        (["a/shop/__init__.py", "a/__init__.py"], "a/shop/Till.py", ".", "seldon-run a.shop.Till"),
        (["b/shop/__init__.py"], "b/shop/Till.py", ".", "cd b && seldon-run shop.Till"),
    ],
)
def test_a_relative_import_by_path_names_the_command_with_dots_and_that_works(
    tmp_path: Path, files: list[str], reference: str, where: str, remedy: str
) -> None:
    parts = reference.replace("Till.py", "").strip("/") or where
    folder = tmp_path / (where if reference == "Till" else parts)
    folder.mkdir(parents=True)
    for file in files:
        (tmp_path / file).write_text("")
    (folder / "prices.py").write_text("PRICE = 3\n")
    (folder / "Till.py").write_text(
        "from .prices import PRICE\nclass Till:\n    def predict(self, X, names): return [PRICE]\n"
    )
    load = (
        "import sys; from seldon_runtime.component.loading import load_class; print(load_class(sys.argv[1]))"
    )

    def loaded(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", load, name], cwd=folder, capture_output=True, text=True, check=False
        )

    refused = loaded(reference, tmp_path / where)
    assert refused.returncode == 1
    assert refused.stderr.rstrip().endswith(f"from the folder above: {remedy}")
    *go, command = remedy.split(" && ")
    place = Path(os.path.normpath(tmp_path / where / (go[0].removeprefix("cd ") if go else "")))
    assert loaded(command.removeprefix("seldon-run "), place).returncode == 0
