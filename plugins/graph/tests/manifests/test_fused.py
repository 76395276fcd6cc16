"""The Kubernetes objects of a graph in one process."""

from __future__ import annotations

import pytest
import yaml
from click.testing import CliRunner

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.commands import graph


@pytest.fixture
def printed(file_of):
    """``printed(document, *words)``: the objects that the command prints, by kind, and its text."""

    def printed(document, *words):
        ran = CliRunner().invoke(graph, ["manifest", str(file_of(document)), "--image", "acme/g:1", *words])
        if ran.exception is not None:
            raise ran.exception
        return {each["kind"]: each for each in yaml.safe_load_all(ran.output)}, ran.output

    return printed


def with_resources(main, **resources):
    for container in main["componentSpecs"][0]["spec"]["containers"]:
        container["resources"] = resources.get(container["name"], {})
    return main


def test_requests_and_limits_are_added_up(printed, make):
    main = with_resources(
        make.predictor(make.node("a", None, make.node("b")), replicas=2),
        a={"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi", "cpu": 1}},
        b={"requests": {"cpu": 1.5, "memory": "512M"}, "limits": {"memory": "1Gi"}},
    )
    main["componentSpecs"][0]["hpaSpec"] = {"maxReplicas": 5}
    main["componentSpecs"][0]["spec"]["containers"].append(
        {"name": "sidecar", "resources": {"requests": {"cpu": 7}}}
    )
    objects, text = printed(make.deployment(main))
    assert not text.startswith("#")
    deployment = objects["Deployment"]
    assert deployment["metadata"]["name"] == "shop-main"
    assert "replicas" not in deployment["spec"]  # the autoscaler sets it
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "acme/g:1"
    assert container["args"] == ["seldon-run", "graph.json", "REST", "--predictor", "main"]
    assert container["env"] == [{"name": "SELDON_DRAIN_DELAY_S", "value": "5"}]
    assert container["resources"] == {
        "requests": {"cpu": "2000m", "memory": "1513Mi"},
        "limits": {"memory": "3072Mi"},
    }
    scale = objects["HorizontalPodAutoscaler"]["spec"]
    assert (scale["minReplicas"], scale["maxReplicas"]) == (2, 5)
    assert objects["Service"]["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]


@pytest.mark.parametrize(
    ("name", "predictor", "wanted"),
    [
        ("Up Case", "Main_X", "up-case-main-x"),
        ("1.shop", "main", "graph-1-shop-main"),
        ("é", "ü", "graph"),
        ("a" * 62, "b", "a" * 62),
        ("shop-a.b", "main", "shop-a-b-main"),
    ],
)
def test_objects_have_names_that_a_cluster_accepts(printed, make, name, predictor, wanted):
    document = make.deployment(make.predictor(make.node("a"), predictor), name=name)
    objects, text = printed(document)
    assert {each["metadata"]["name"] for each in objects.values()} == {wanted}
    assert {each["metadata"]["labels"]["app.kubernetes.io/name"] for each in objects.values()} == {wanted}
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][-1] == predictor
    assert text.startswith(f"# the objects are called {wanted}, since ")


def test_a_name_that_a_cluster_accepts_stays(printed, make):
    objects, text = printed(make.deployment(make.predictor(make.node("a")), name="shop--2"))
    assert {each["metadata"]["name"] for each in objects.values()} == {"shop--2-main"}
    assert not text.startswith("#")


def test_a_router_that_may_learn_has_one_replica_and_the_file_says_so(printed, make):
    router = make.node("bandit", "ROUTER", make.node("a"), make.node("b"))
    objects, text = printed(make.deployment(make.predictor(router, replicas=3)))
    assert text.startswith("# one replica, since bandit may learn from feedback")
    assert objects["Deployment"]["spec"]["replicas"] == 1
    assert objects["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert "HorizontalPodAutoscaler" not in objects
    built_in = make.node("ab", None, make.node("a"), make.node("b"), implementation="RANDOM_ABTEST")
    assert (
        printed(make.deployment(make.predictor(built_in, replicas=3)))[0]["Deployment"]["spec"]["replicas"]
        == 3
    )


@pytest.mark.parametrize(
    ("method", "replicas"), [("route", 3), ("send_feedback", 1), ("send_feedback_raw", 1)]
)
def test_the_source_of_a_router_tells_whether_it_learns(printed, make, tmp_path, method, replicas):
    (tmp_path / "Chooses.py").write_text(f"class Chooses:\n    def {method}(self, *given): ...\n")
    router = make.node("r", "ROUTER", make.node("a"), make.node("b"))
    document = make.deployment(make.predictor(router, classes={"r": "Chooses"}, replicas=3))
    assert printed(document)[0]["Deployment"]["spec"]["replicas"] == replicas
    by_command = make.deployment(make.predictor(router, classes={"r": None}, replicas=3))
    objects, _ = printed(by_command, "--component", "r=Chooses")
    assert objects["Deployment"]["spec"]["replicas"] == replicas


def test_one_predictor_is_chosen(printed, make):
    made = [make.predictor(make.node("a"), name, traffic=50) for name in ("main", "canary")]
    document = make.deployment(*made)
    assert printed(document, "--predictor", "canary")[0]["Service"]["metadata"]["name"] == "shop-canary"
    with pytest.raises(StartupError, match=r"main, canary: choose one with --predictor NAME$"):
        printed(document)
    with pytest.raises(StartupError, match=r"--predictor is 'all', expected one of main, canary$"):
        printed(document, "--predictor", "all")


def test_a_wrong_quantity_is_refused(printed, make):
    main = with_resources(make.predictor(make.node("a")), a={"requests": {"cpu": "lots"}})
    with pytest.raises(StartupError, match=r"resources.requests.cpu is 'lots', expected a quantity"):
        printed(make.deployment(main))


def test_the_autoscaler_has_a_request_of_cpu_and_the_file_says_that_it_is_a_guess(printed, make):
    main = make.predictor(make.node("a"), replicas=2)
    main["componentSpecs"][0]["hpaSpec"] = {"minReplicas": 3, "maxReplicas": 5}
    objects, text = printed(make.deployment(main))
    assert "the file has no CPU requests" in text.splitlines()[0]
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "250m"}}
    assert objects["HorizontalPodAutoscaler"]["spec"]["minReplicas"] == 3


def test_what_the_cluster_gives_to_the_nodes_the_one_container_receives_too(printed, make):
    secret = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    mount = {"name": "models", "mountPath": "/models"}
    main = make.predictor(make.node("a", None, make.node("b")))
    pod = main["componentSpecs"][0]["spec"]
    pod["volumes"] = [{"name": "models", "emptyDir": {}}]
    for container in pod["containers"]:
        container["env"].append(secret)
        container["envFrom"] = [{"secretRef": {"name": "all"}}]
        container["volumeMounts"] = [mount]
    spec = printed(make.deployment(main))[0]["Deployment"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["env"][1:] == [secret]
    assert container["envFrom"] == [{"secretRef": {"name": "all"}}]
    assert (container["volumeMounts"], spec["volumes"]) == ([mount], pod["volumes"])
    pod["containers"][1]["volumeMounts"] = [{"name": "others", "mountPath": "/models"}]
    with pytest.raises(StartupError, match=r"volumeMounts\[0\] differ, and one container has one mountPath"):
        printed(make.deployment(main))


def test_classes_of_the_command_are_passed_on_and_checked(printed, make):
    document = make.deployment(make.predictor(make.node("a"), classes={"a": None}))
    words = printed(document, "--component", "a=pkg.A")[0]["Deployment"]["spec"]["template"]["spec"]
    assert words["containers"][0]["args"][-2:] == ["--component", "a=pkg.A"]
    with pytest.raises(StartupError, match="expected one of a"):
        printed(document, "--component", "b=pkg.A")


@pytest.mark.parametrize(
    ("api_type", "ports", "probe"),
    [
        ("REST", {"http": 5000}, "httpGet"),
        ("REST,GRPC", {"http": 5000, "grpc": 5001}, "httpGet"),
        ("GRPC", {"grpc": 5000}, "grpc"),
    ],
)
def test_transports_have_ports_and_probes(printed, make, api_type, ports, probe):
    objects, _ = printed(make.deployment(make.predictor(make.node("a"))), "--api-type", api_type)
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][2] == api_type
    assert {each["name"]: each["containerPort"] for each in container["ports"]} == ports
    assert {each["name"]: each["port"] for each in objects["Service"]["spec"]["ports"]} == ports
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert probe in container[name]
