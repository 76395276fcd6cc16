"""The class of each node: from the command, its container, or a folder beside the file."""

from __future__ import annotations

import os
import sys

import pytest

from seldon_runtime.plugin import ServiceType, StartupError
from seldon_runtime_graph.resolve import parse_references, provide_environment, resolve
from seldon_runtime_graph.spec.predictors import read_file


@pytest.fixture
def resolved(file_of, make, tmp_path):
    """``resolved(graph, references, classes)``: what each node runs, by name."""

    def resolved(graph, references=None, classes=None, **env):
        main = make.predictor(graph, classes=classes)
        for container in main["componentSpecs"][0]["spec"]["containers"]:
            container["env"] += env.get(container["name"], [])
        predictor = read_file(file_of(make.deployment(main))).predictors[0]
        return {each.node.name: each for each in resolve(predictor, references or {}, tmp_path)}

    return resolved


def test_the_command_wins_over_the_container_and_the_container_over_the_folder(resolved, make, tmp_path):
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "Own.py").write_text("class Own: pass")
    graph = make.node("a", None, make.node("b"), make.node("c"))
    found = resolved(graph, {"a": "pkg.Given"}, {"a": "pkg.Unused", "b": "pkg.Kept", "c": None})
    assert found["a"].reference == "pkg.Given"
    assert found["b"].reference == "pkg.Kept"
    assert found["c"].reference == str(tmp_path / "c" / "Own.py")


def test_a_folder_may_say_its_class_and_settings(resolved, make, tmp_path):
    (tmp_path / "a" / ".s2i").mkdir(parents=True)
    (tmp_path / "a" / ".s2i" / "environment").write_text(
        "# comment\nMODEL_NAME=Second\nSERVICE_TYPE=ROUTER\nPERSISTENCE=0\n"
    )
    for name in ("First", "Second"):
        (tmp_path / "a" / f"{name}.py").touch()
    found = resolved(make.node("a"), classes={"a": None})["a"]
    assert found.reference == str(tmp_path / "a" / "Second.py")
    assert found.service_type is ServiceType.ROUTER
    assert found.settings == {"persistence": "0"}


def test_settings_of_a_folder_must_be_text(resolved, make, tmp_path):
    (tmp_path / "a" / ".s2i").mkdir(parents=True)
    (tmp_path / "a" / ".s2i" / "environment").write_bytes(b"MODEL_NAME=\xff")
    with pytest.raises(StartupError, match=r"a/\.s2i/environment' cannot be read: 'utf-8' codec"):
        resolved(make.node("a"), classes={"a": None})
    with pytest.raises(StartupError, match="cannot be read: embedded null byte"):
        resolved(make.node("a\0"))


@pytest.mark.parametrize(
    ("type_", "methods", "wanted"),
    [
        (None, None, "MODEL"),
        ("ROUTER", None, "ROUTER"),
        ("COMBINER", None, "COMBINER"),
        ("TRANSFORMER", None, "TRANSFORMER"),
        ("OUTPUT_TRANSFORMER", None, "TRANSFORMER"),
        (None, ["ROUTE"], "ROUTER"),
        (None, ["AGGREGATE"], "COMBINER"),
        (None, ["TRANSFORM_INPUT"], "TRANSFORMER"),
        (None, [], "MODEL"),
    ],
)
def test_the_type_of_the_node_is_that_of_its_component(resolved, make, type_, methods, wanted):
    graph = make.node("a", type_, **({} if methods is None else {"methods": methods}))
    assert resolved(graph)["a"].service_type.value == wanted


def test_the_container_says_type_and_metadata(resolved, make):
    env = [
        {"name": "SERVICE_TYPE", "value": "OUTLIER_DETECTOR"},
        {"name": "MODEL_METADATA", "value": "name: x"},
    ]
    found = resolved(make.node("a", "TRANSFORMER"), a=env)["a"]
    assert found.service_type is ServiceType.OUTLIER_DETECTOR
    assert found.settings == {"model_metadata": "name: x"}
    with pytest.raises(StartupError, match="node 'a': SERVICE_TYPE is 'KING'"):
        resolved(make.node("a"), a=[{"name": "SERVICE_TYPE", "value": "KING"}])


def test_an_endpoint_is_called_when_the_node_has_no_class(resolved, make):
    at = {"type": "GRPC", "service_host": "::1", "service_port": 9}
    assert resolved(make.node("a", endpoint=at), classes={"a": None})["a"].reference == "grpc-node://[::1]:9"
    assert resolved(make.node("a", endpoint=at))["a"].reference == "graph_classes.Unit"


def test_a_model_server_runs_with_a_class_only(resolved, make):
    graph = make.node("a", implementation="SKLEARN_SERVER", modelUri="gs://x")
    assert resolved(graph, {"a": "pkg.Sk"})["a"].reference == "pkg.Sk"
    with pytest.raises(StartupError, match=r"node 'a'\) is a SKLEARN_SERVER, .* --component a=CLASS"):
        resolved(graph, classes={"a": None})


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"implementation": "NO_SUCH"}, "implementation 'NO_SUCH', expected RANDOM_ABTEST"),
        ({"implementation": "RANDOM_ABTST"}, r"TEMPO_SERVER. Did you mean RANDOM_ABTEST\?"),
        ({}, "does not say which class its image 'example/a:1' has"),
    ],
)
def test_a_node_without_a_class_is_refused_with_the_ways_to_name_one(file_of, make, tmp_path, more, wanted):
    main = make.predictor(make.node("a", **more))
    main["componentSpecs"][0]["spec"]["containers"][0]["env"] = []
    predictor = read_file(file_of(make.deployment(main))).predictors[0]
    with pytest.raises(StartupError, match=rf"graph \(node 'a'\) .*{wanted}.*--component a=CLASS"):
        resolve(predictor, {}, tmp_path)


def test_a_node_without_a_container_is_refused(resolved, make):
    with pytest.raises(
        StartupError, match=r"node 'b'\) has no container of its name \(containers: a\), no class"
    ):
        resolved(make.node("a", None, make.node("b")), classes={"b": None})


def test_a_node_whose_name_is_nearly_that_of_a_container_is_told(make, file_of, tmp_path):
    main = make.predictor(make.node("taxi"))
    main["graph"]["name"] = "taxis"
    predictor = read_file(file_of(make.deployment(main))).predictors[0]
    with pytest.raises(StartupError, match=r"no container of its name \(containers: taxi\), no class"):
        resolve(predictor, {}, tmp_path)


def test_words_of_the_command_name_nodes():
    assert parse_references(["a=pkg.A", "b=x.py:B"], "ab") == {"a": "pkg.A", "b": "x.py:B"}
    for word, wanted in (
        ("a", "expected NODE=CLASS"),
        ("=x", "expected NODE"),
        ("rooter=x", "Did you mean router?"),
    ):
        with pytest.raises(StartupError, match=wanted):
            parse_references([word], ["router"])


@pytest.fixture
def predictors(file_of, make, monkeypatch):
    """``predictors(a=[...], b=[...])``: one predictor whose containers have these variables."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(sys, "path", list(sys.path))

    def predictors(**env):
        main = make.predictor(make.node("a", None, make.node("b")))
        containers = main["componentSpecs"][0]["spec"]["containers"]
        for container in containers:
            container["env"] += env.get(container["name"], [])
        containers.append({"name": "sidecar", "env": [{"name": "THEME", "value": "sidecar"}]})
        return read_file(file_of(make.deployment(main))).predictors

    return predictors


def test_the_variables_of_the_nodes_are_set_and_those_of_the_runtime_are_not(predictors, tmp_path):
    own = [{"name": "THEME", "value": "dark"}, {"name": "SELDON_LOG_LEVEL", "value": "DEBUG"}]
    provide_environment(predictors(a=own, b=[{"name": "THEME", "value": "dark"}]), tmp_path)
    assert os.environ["THEME"] == "dark"
    assert os.environ.get("SELDON_LOG_LEVEL") != "DEBUG"
    assert sys.path[-1] == str(tmp_path)


def test_two_values_of_one_variable_are_refused(predictors, tmp_path):
    made = predictors(a=[{"name": "THEME", "value": "dark"}], b=[{"name": "THEME", "value": "light"}])
    with pytest.raises(StartupError, match="'a' and 'b' want different values of the variable THEME"):
        provide_environment(made, tmp_path)


def test_a_variable_from_the_cluster_must_be_set_in_the_shell(predictors, tmp_path):
    made = predictors(a=[{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}])
    with pytest.raises(StartupError, match="the variable TOKEN from the cluster"):
        provide_environment(made, tmp_path)
    os.environ["TOKEN"] = "x"
    provide_environment(made, tmp_path)
