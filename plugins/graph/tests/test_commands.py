"""The command ``seldon-run graph``."""

from __future__ import annotations

import json
import subprocess

import pytest
from click.testing import CliRunner

import seldon_runtime
from seldon_runtime.plugin import StartupError
from seldon_runtime.testing.processes import SELDON_RUN
from seldon_runtime_graph.commands import PATTERNS, graph
from seldon_runtime_tools.cli import main as seldon_component
from tests.support.http_client import HttpClient


def run(*words):
    return CliRunner().invoke(graph, [str(word) for word in words])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_new_graph_runs(pattern, tmp_path, monkeypatch):
    folder = tmp_path / pattern
    assert f"cd {folder} && seldon-run graph.yaml REST" in run("new", pattern, folder).output
    renamed = {each: f"{each.stem}_{pattern}" for each in folder.glob("*.py")}  # one interpreter, one name
    text = (folder / "graph.yaml").read_text()
    for file, name in renamed.items():
        file.rename(folder / f"{name}.py")
        text = text.replace(f"value: {file.stem}.", f"value: {name}.")
        text = text.replace(f"value: {file.stem}}}", f"value: {name}.{file.stem}}}")
    (folder / "graph.yaml").write_text(text)
    monkeypatch.chdir(folder)
    with seldon_runtime.serve("graph.yaml", port=0) as serving:
        client = HttpClient(int(serving.addresses["rest"].rpartition(":")[2]))
        answer = client.post("/predict", {"data": {"ndarray": [[100.0, 250.0]]}})
        told = client.post("/send-feedback", {"response": answer.json, "reward": 1})
        client.close()
    assert answer.json["data"]["ndarray"][0][0] in (350.0, 175.0, 262.5, 3.5)
    assert told.status == 200


def test_a_new_graph_overwrites_nothing(tmp_path):
    (tmp_path / "graph.yaml").write_text("mine")
    assert isinstance(run("new", "ab", tmp_path).exception, StartupError)
    assert (tmp_path / "graph.yaml").read_text() == "mine"


def test_a_drawing_is_printed_or_written(file_of, make, tmp_path):
    file = file_of(make.deployment(make.predictor(make.node("r", "ROUTER", make.node("a")))))
    printed = run("show", file).output
    assert printed.startswith("flowchart TD\n")
    assert run("show", file, "-o", tmp_path / "graph.mmd").output == ""
    assert (tmp_path / "graph.mmd").read_text() == printed
    for name, begin in (("graph.svg", "<svg "), ("graph.dot", "digraph {"), ("graph.GV", "digraph {")):
        assert run("show", file, "-o", tmp_path / name).output == ""
        assert (tmp_path / name).read_text().startswith(begin)
    unknown = run("show", file, "-o", tmp_path / "graph.png").exception
    assert isinstance(unknown, StartupError)
    assert "graph.png does not say the format" in str(unknown)
    assert "expected a name with .svg, .mmd, .dot, .gv" in str(unknown)
    (tmp_path / "folder.mmd").mkdir()
    assert isinstance(run("show", file, "-o", tmp_path / "folder.mmd").exception, StartupError)
    assert isinstance(run("show", tmp_path / "none.yaml").exception, StartupError)


def test_the_command_is_one_of_seldon_run_without_a_setting(file_of, make):
    file = file_of(json.dumps(make.deployment(make.predictor(make.node("alone")))))
    printed = subprocess.run([SELDON_RUN, "graph", "show", file], capture_output=True, text=True, check=True)
    assert 'n0["alone<br/>MODEL"]' in printed.stdout


def test_seldon_component_has_the_commands_too(file_of, make, tmp_path):
    file = file_of(make.deployment(make.predictor(make.node("a"))))
    words = [str(file), "--image", "acme/g:1"]
    by_run = CliRunner().invoke(graph, ["manifest", *words]).output
    assert "kind: Deployment" in by_run
    for command in ("manifest", "manifest-graph"):
        assert CliRunner().invoke(seldon_component, [command, *words]).output == by_run
    made = CliRunner().invoke(seldon_component, ["new-graph", "ab", str(tmp_path / "ab")])
    assert (tmp_path / "ab" / "graph.yaml").exists(), made.output
    again = CliRunner().invoke(seldon_component, ["new-graph", "ab", str(tmp_path / "ab")])
    assert again.exit_code == 1
    assert "has Models.py, graph.yaml already: choose another folder" in again.output
