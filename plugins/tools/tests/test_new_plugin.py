"""What ``seldon-component new-plugin`` writes is a distribution that passes its own tests, as it is."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seldon_runtime_tools import cli


def new_plugin(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["new-plugin", "transport", *arguments])


@pytest.mark.parametrize("name", ["zmq", "my-queue2"])
def test_every_file_is_written_and_no_placeholder_is_left(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    done = new_plugin(name, "--folder", str(folder))
    assert done.exit_code == 0, done.output
    module = f"seldon_{name.replace('-', '_')}"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "README.md",
        "pyproject.toml",
        f"src/{module}/__init__.py",
        f"src/{module}/plugin.py",
        f"src/{module}/py.typed",
        f"src/{module}/transport.py",
        "tests/conftest.py",
        "tests/test_contract.py",
    }
    text = "".join(f"{file}\n{(folder / file).read_text()}" for file in files)
    for word in ("my-name", "my_name", "MyName", "MY_NAME", "MY-NAME", "0.0.0"):
        assert word not in text
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"seldon_runtime.transport": {name: f"{module}.plugin"}}
    assert project["dependencies"] == ["seldon-runtime~=0.1.0"]
    compile((folder / "src" / module / "transport.py").read_text(), "transport.py", "exec")


@pytest.mark.timeout(300)
def test_what_is_written_passes_its_tests(tmp_path: Path) -> None:
    """Built and installed as the README says, but into a folder of this test's own, and without the index."""
    folder, site = tmp_path / "plugin", tmp_path / "site"
    assert new_plugin("my-queue", "--folder", str(folder)).exit_code == 0
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-compile", "--target", str(site)]
    finish(tmp_path, {}, sys.executable, "-m", "pip", "install", *options, str(folder))
    environment = {"PYTHONPATH": str(site), "PYTEST_ADDOPTS": ""}
    out = finish(
        folder, environment, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)
    )
    assert " passed" in out
    assert "failed" not in out


def finish(folder: Path, environment: dict[str, str], *command: str) -> str:
    """Runs a program in a folder to its good end; what it wrote."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("name", ["", "ZMQ", "a_b", "-a", "a--b", "2a", "a/b", "grün"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    done = new_plugin("--folder", str(tmp_path / "plugin"), "--", name)
    assert done.exit_code == 2
    assert "is no name" in done.output
    assert not (tmp_path / "plugin").exists()


def test_a_name_that_is_there_already_is_refused(tmp_path: Path) -> None:
    done = new_plugin("runtime-tools", "--folder", str(tmp_path / "plugin"))
    assert done.exit_code == 2
    assert "there is a module seldon_runtime_tools already" in " ".join(done.output.split())


def test_the_name_of_an_installed_transport_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "site" / "acme_zmq-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: acme-zmq\nVersion: 1.0\n")
    info.joinpath("entry_points.txt").write_text("[seldon_runtime.transport]\nzmq = acme_zmq\n")
    monkeypatch.syspath_prepend(info.parent)
    done = new_plugin("zmq", "--folder", str(tmp_path / "plugin"))
    assert done.exit_code == 2
    assert "there is a transport plugin 'zmq' (acme-zmq 1.0, acme_zmq) already" in " ".join(
        done.output.replace("│", " ").split()
    )


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = new_plugin("zmq", "--folder", str(tmp_path))
    assert done.exit_code == 1
    assert "is not empty" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
