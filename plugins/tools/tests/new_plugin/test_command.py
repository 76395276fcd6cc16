"""The files that ``seldon-component new-plugin`` writes, and the names that it refuses."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seldon_runtime_tools import cli
from seldon_runtime_tools.new_plugin.kinds import KINDS, Kind

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def new_plugin(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["new-plugin", *arguments])


def words_of(done: Result) -> str:
    """Return the output without the frame and the line ends of an error."""
    return " ".join(done.output.replace("│", " ").split())


def files_of(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


@each_kind
@pytest.mark.parametrize("name", ["zmq", "my-queue2"])
def test_every_file_is_written_and_no_placeholder_is_left(kind: Kind, name: str, tmp_path: Path) -> None:
    done = new_plugin(kind.name, name, "--folder", str(tmp_path / "plugin"))
    assert done.exit_code == 0, done.output
    files = files_of(tmp_path / "plugin")
    module = f"seldon_{name.replace('-', '_')}"
    package = {f"src/{module}/{file}" for file in ("__init__.py", "plugin.py", "py.typed")}
    assert set(files) >= {"README.md", "pyproject.toml", "tests/conftest.py", *package}
    assert [file for file in files if file.startswith("tests/test_")]
    assert all(file in done.output for file in files)
    for file, text in files.items():
        for word in ("my-name", "my_name", "MyName", "MY_", "MY-NAME", "0.0.0"):
            assert word not in f"{file}\n{text}".replace("MY_QUEUE2", "")
        if file.endswith(".py"):
            compile(text, file, "exec")


@each_kind
def test_the_distribution_has_the_entry_point_and_the_requirements_of_its_kind(
    kind: Kind, tmp_path: Path
) -> None:
    assert new_plugin(kind.name, "zmq", "--folder", str(tmp_path)).exit_code == 0
    project = tomllib.loads(tmp_path.joinpath("pyproject.toml").read_text())["project"]
    target = "seldon_zmq.plugin:ZmqPlugin" if kind.name == "metrics" else "seldon_zmq.plugin"
    assert project["entry-points"] == {f"seldon_runtime.{kind.group}": {"zmq": target}}
    extra = {"grpc-services": "[grpc]", "http-routes": "[rest]"}.get(kind.name, "")
    assert project["dependencies"] == [f"seldon-runtime{extra}~=0.1.0"]
    has_rest_tests = (tmp_path / "tests" / "rest_client.py").exists()
    test_extras = "[rest,testing]" if has_rest_tests else "[testing]"
    assert project["optional-dependencies"] == {"test": [f"seldon-runtime{test_extras}"]}


def test_the_help_names_each_kind_with_the_setting_that_selects_it() -> None:
    listed = words_of(new_plugin("--help"))
    for kind in KINDS:
        assert f"{kind.name} {kind.title}, selected by {kind.selection}" in listed


@each_kind
def test_the_help_of_a_kind_says_what_it_makes_and_how_it_is_selected(kind: Kind) -> None:
    told = words_of(new_plugin(kind.name, "--help"))
    assert f"Write {kind.title} that {kind.selection} selects." in told
    assert "my-name" not in told.lower()
    assert "`" not in told


def test_an_unknown_kind_is_refused() -> None:
    done = new_plugin("transprt", "zmq")
    assert done.exit_code == 2
    assert "transprt" in done.output


@pytest.mark.parametrize("name", ["", "ZMQ", "a_b", "-a", "a--b", "2a", "a/b", "grün"])
def test_a_malformed_name_is_refused(name: str, tmp_path: Path) -> None:
    done = new_plugin("transport", "--folder", str(tmp_path / "plugin"), "--", name)
    assert done.exit_code == 2
    assert "must consist of" in done.output
    assert not (tmp_path / "plugin").exists()


def test_a_name_that_is_there_already_is_refused(tmp_path: Path) -> None:
    done = new_plugin("store", "runtime-tools", "--folder", str(tmp_path / "plugin"))
    assert done.exit_code == 2
    assert "a module seldon_runtime_tools is installed" in words_of(done)


@each_kind
def test_a_name_is_refused_that_an_installed_plugin_of_the_same_group_has(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "site" / "acme_zmq-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: acme-zmq\nVersion: 1.0\n")
    info.joinpath("entry_points.txt").write_text(f"[seldon_runtime.{kind.group}]\nzmq = acme_zmq\n")
    monkeypatch.syspath_prepend(info.parent)
    for other in KINDS:
        done = new_plugin(other.name, "zmq", "--folder", str(tmp_path / other.name))
        if other.group != kind.group:
            assert done.exit_code == 0, done.output
            continue
        assert done.exit_code == 2
        taken = f"an installed plugin of seldon_runtime.{kind.group} has the name 'zmq' (acme_zmq)"
        assert taken in words_of(done)
        assert not (tmp_path / other.name).exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = new_plugin("transport", "zmq", "--folder", str(tmp_path))
    assert done.exit_code == 1
    assert "is not empty" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
