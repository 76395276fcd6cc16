"""The SeldonDeployment of a graph, with an image for each node."""

from __future__ import annotations

import pytest
import yaml
from click.testing import CliRunner

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.commands import graph
from seldon_runtime_graph.spec.predictors import read_file


@pytest.fixture
def printed(file_of):
    """``printed(document, *words)``: the object that the command prints, and its text."""

    def printed(document, *words):
        words = ["manifest", str(file_of(document)), "--kind", "seldon", "--image", "acme/all:1", *words]
        ran = CliRunner().invoke(graph, words)
        if ran.exception is not None:
            raise ran.exception
        (found,) = yaml.safe_load_all(ran.output)
        return found, ran.output

    return printed


def containers(predictor):
    found = [each for spec in predictor["componentSpecs"] for each in spec["spec"]["containers"]]
    return {each["name"]: each for each in found}


def variables(container):
    return {each["name"]: each["value"] for each in container["env"]}


def test_nodes_without_a_container_have_one_with_their_class(printed, make, tmp_path):
    graph = make.node("r", "ROUTER", make.node("a"), make.node("b", "TRANSFORMER"))
    document = make.deployment(make.predictor(graph, classes={"a": None, "b": None}))
    found, text = printed(document, "--component", "a=pkg.A", "--component", "b=pkg.B")
    assert not text.startswith("#")
    assert (found["apiVersion"], found["kind"]) == ("machinelearning.seldon.io/v1", "SeldonDeployment")
    (predictor,) = found["spec"]["predictors"]
    made = containers(predictor)
    assert {name: each["image"] for name, each in made.items()} == {
        "r": "example/r:1",
        "a": "acme/all:1",
        "b": "acme/all:1",
    }
    assert variables(made["r"]) == {"MODEL_NAME": "graph_classes.Unit"}
    assert variables(made["b"]) == {"MODEL_NAME": "pkg.B", "SERVICE_TYPE": "TRANSFORMER"}
    routing = {"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "true"}
    assert predictor["svcOrchSpec"]["env"] == [routing], "feedback finds its way by the routing of answers"
    (tmp_path / "again.yaml").write_text(text)
    names = [node.name for node in read_file(tmp_path / "again.yaml").predictors[0].graph.walk()]
    assert names == ["r", "a", "b"]


def test_the_file_stays_as_it_is_where_nothing_is_missing(printed, make):
    document = make.deployment(make.predictor(make.node("a"), replicas=3), annotations={"x": "y"})
    assert printed(document)[0] == document


def test_built_in_nodes_that_do_nothing_in_a_cluster_are_told(printed, make):
    graph = make.node("m", None, make.node("a"), make.node("ab", None, make.node("b"), make.node("c")))
    graph["implementation"] = "AVERAGE_COMBINER"
    graph["children"][1]["implementation"] = "RANDOM_ABTEST"
    found, text = printed(make.deployment(make.predictor(graph, classes={"m": None, "ab": None})))
    assert text.splitlines()[0] == (
        "# m: the executor of Seldon Core has no AVERAGE_COMBINER and passes messages on"
    )
    assert set(containers(found["spec"]["predictors"][0])) == {"a", "b", "c"}


def test_a_node_without_class_and_container_is_refused(printed, make):
    document = make.deployment(make.predictor(make.node("a"), classes={"a": None}))
    with pytest.raises(StartupError, match=r"node 'a'\) has no container and no class: name one with --comp"):
        printed(document)
    with pytest.raises(StartupError, match="--predictor is for --kind kubernetes"):
        printed(document, "--predictor", "main")
