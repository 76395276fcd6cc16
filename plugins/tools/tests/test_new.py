"""The folders that ``seldon-component new`` writes, and the names that it refuses."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools import cli, settings_file


def new(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["new", *arguments])


@pytest.mark.parametrize("kind", [kind.value for kind in ServiceType])
def test_every_file_is_written_and_no_placeholder_is_left(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "fraud"
    done = new(
        "FraudModel", "--service-type", kind.lower(), "--api-type", "rest,grpc", "--folder", str(folder)
    )
    assert done.exit_code == 0, done.output
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        ".dockerignore",
        ".s2i/environment",
        "Dockerfile",
        "FraudModel.py",
        "README.md",
        "contract.json",
        "requirements.txt",
        "test_FraudModel.py",
    }
    text = "".join((folder / file).read_text() for file in files)
    assert "mycomponent" not in text.lower()
    assert "example/fraudmodel:0.1" in text
    assert "MY_" not in text
    settings = settings_file.read(folder)
    assert settings == {
        "MODEL_NAME": "FraudModel",
        "API_TYPE": "REST,GRPC",
        "SERVICE_TYPE": kind,
        "PERSISTENCE": "0",
        "METRICS": "0",
    }


def test_settings_that_are_not_utf_8_are_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / settings_file.PLACE
    file.parent.mkdir()
    file.write_bytes(b"A=\xff\n")
    with pytest.raises(click.ClickException, match="environment must be UTF-8 text"):
        settings_file.read(tmp_path)


@pytest.mark.parametrize(
    ("line", "seen"), [("MY-PASSWORD=sesame", "'MY-PASSWORD=…'"), ("sesame", "a text without =")]
)
def test_a_line_that_is_no_setting_is_refused_without_its_value(tmp_path: Path, line: str, seen: str) -> None:
    file = tmp_path / settings_file.PLACE
    file.parent.mkdir()
    file.write_text(f"A=b\n{line}\n")
    with pytest.raises(click.ClickException, match=f"line 2: {seen} must be a setting") as caught:
        settings_file.read(tmp_path)
    assert "sesame" not in str(caught.value)


def test_it_is_written_to_a_folder_of_its_name_but_never_over_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FraudModel").mkdir()
    assert new("FraudModel").exit_code == 0
    assert Path("FraudModel", "FraudModel.py").exists()
    again = new("FraudModel")
    assert again.exit_code == 1
    assert "not empty" in again.output


@pytest.mark.parametrize("name", ["my-model", "class", "json", "numpy", "1st", "a.b", "Modèle"])
def test_a_name_that_cannot_be_imported_or_hides_a_module_is_refused(name: str, tmp_path: Path) -> None:
    done = new(name, "--folder", str(tmp_path / "x"))
    assert done.exit_code == 2
    assert repr(name) in done.output
    assert not (tmp_path / "x").exists()


def test_commands_are_listed_and_unknown_ones_refused() -> None:
    listed = CliRunner().invoke(cli.main, ["--help"])
    assert all(name in listed.output for name in cli.COMMANDS)
    assert CliRunner().invoke(cli.main, ["no-such"]).exit_code == 2


@pytest.mark.parametrize("api_type", ["REST\nRUN id", "REST GRPC", "REST,", "", "REST\n", "$(id)"])
def test_an_api_type_brings_no_lines_into_the_dockerfile(tmp_path, api_type):
    done = new("FraudModel", "--api-type", api_type, "--folder", str(tmp_path / "new"))
    assert done.exit_code == 2
    assert "--api-type" in done.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my-model", "Did you mean MyModel?"),
        ("fraud model", "Did you mean FraudModel?"),
        ("class", "'class' is a word of Python"),
        ("3", "ASCII letters, digits and _"),
    ],
)
def test_a_name_that_cannot_be_a_class_is_told_with_a_like_one(name: str, message: str) -> None:
    done = new(name)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
