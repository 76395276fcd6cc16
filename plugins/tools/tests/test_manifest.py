"""Manifests: valid under the schemas of those who read them, and true of the component."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from seldon_runtime.identity import ServiceType
from seldon_runtime_tools.cli import main
from seldon_runtime_tools.manifest import object_name

SELDON_DEPLOYMENT = Draft202012Validator(
    json.loads(Path(__file__).with_name("seldon_deployment.schema.json").read_text())
)
"""Our own schema: no openly licensed package has the operator's."""
OLDEST = "1.27"
"""Of Kubernetes: the first with stable gRPC probes."""
PARAMETERS = '[{"name": "n", "value": 1, "type": "INT"}]'
COMPONENTS = [
    ["API_TYPE=REST"],
    ["API_TYPE=GRPC"],
    ["API_TYPE=REST,GRPC", "METRICS=prometheus"],
    ["API_TYPE=grpc,rest", "PERSISTENCE=redis", "REDIS_SERVICE_HOST=redis"],
    ["PREDICTIVE_UNIT_SERVICE_PORT=8000", f"PREDICTIVE_UNIT_PARAMETERS={PARAMETERS}"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.joinpath(".s2i").mkdir()
    tmp_path.joinpath(".s2i", "environment").write_text("MODEL_NAME=FraudModel\nAPI_TYPE=REST\n")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["manifest", str(folder), "--image", "example/fraud:1", *arguments])


def manifest(folder: Path, *arguments: str) -> list[Any]:
    done = run(folder, *arguments)
    assert done.exit_code == 0, done.output
    return list(yaml.safe_load_all(done.output))


def settings(*given: str) -> list[str]:
    return [word for setting in given for word in ("--setting", setting)]


def validate(thing: Any) -> None:
    for version in (OLDEST, kubernetes_validate.latest_version()):
        kubernetes_validate.validate(thing, version, strict=True)


def pod_of(spec: Any) -> Any:
    """A pod with this specification, as the cluster would make it."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


@pytest.mark.parametrize("given", COMPONENTS)
@pytest.mark.parametrize("replicas", [("1", "1"), ("2", "4")])
def test_plain_objects_are_valid(folder: Path, given: list[str], replicas: tuple[str, str]) -> None:
    options = ["--min-replicas", replicas[0], "--max-replicas", replicas[1], "--secret", "PASSWORD=s/key"]
    things = manifest(folder, *settings(*given), *options)
    for thing in things:
        validate(thing)
    kinds = [thing["kind"] for thing in things]
    one = replicas == ("1", "1") or "PERSISTENCE=redis" in given
    scaled = [] if one else ["HorizontalPodAutoscaler", "PodDisruptionBudget"]
    assert kinds == ["Deployment", "Service", *scaled]
    assert things[0]["spec"].get("replicas") == (1 if one else None)


@pytest.mark.parametrize("given", COMPONENTS)
@pytest.mark.parametrize("kind", [kind.value for kind in ServiceType])
def test_a_seldon_deployment_is_valid(folder: Path, given: list[str], kind: str) -> None:
    (thing,) = manifest(folder, "--kind", "seldon", *settings(*given, f"SERVICE_TYPE={kind}"))
    SELDON_DEPLOYMENT.validate(thing)
    (predictor,) = thing["spec"]["predictors"]
    (component,) = predictor["componentSpecs"]
    validate(pod_of(component["spec"]))
    assert component["spec"]["containers"][0]["name"] == predictor["graph"]["name"]
    if "hpaSpec" in component:
        scaler = {**component["hpaSpec"], "scaleTargetRef": {"kind": "Deployment", "name": "d"}}
        scaler["metrics"] = scaler.pop("metricsv2")
        validate({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": scaler})
        validate({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": component["pdbSpec"]})


def test_faults_of_a_seldon_deployment_are_found(folder: Path) -> None:
    """The check above can fail."""
    (thing,) = manifest(folder, "--kind", "seldon")
    (predictor,) = thing["spec"]["predictors"]
    predictor["graph"]["typo"] = 1
    predictor["graph"]["type"] = "OUTLIER_DETECTOR"
    predictor["componentSpecs"][0]["hpaSpec"]["minReplicas"] = "2"
    found = sorted(error.json_path for error in SELDON_DEPLOYMENT.iter_errors(thing))
    graph, scaler = "$.spec.predictors[0].graph", "$.spec.predictors[0].componentSpecs[0].hpaSpec"
    assert found == [f"{scaler}.minReplicas", graph, f"{graph}.type"]


@pytest.mark.parametrize("given", COMPONENTS)
def test_an_inference_service_is_valid(folder: Path, given: list[str]) -> None:
    (thing,) = manifest(folder, "--kind", "kserve", *settings(*given))
    predictor = dict(thing["spec"]["predictor"])
    own = {"minReplicas", "maxReplicas", "scaleMetric", "scaleTarget", "deploymentStrategy"}
    validate(pod_of({name: value for name, value in predictor.items() if name not in own}))
    (container,) = predictor["containers"]
    assert container["name"] == "kserve-container"
    (port,) = container["ports"]
    assert {"name": "PREDICTIVE_UNIT_SERVICE_PORT", "value": str(port["containerPort"])} in container["env"]


def faults(models: Any, wanted: str, value: Any, place: str) -> Iterator[str]:
    """What of ``value`` the generated models of an API do not know, or take for another type."""
    if match := re.fullmatch(r"[Ll]ist\[(.*)\]", wanted):
        assert isinstance(value, list), place
        for number, item in enumerate(value):
            yield from faults(models, match[1], item, f"{place}[{number}]")
    elif match := re.fullmatch(r"[Dd]ict[\[(]str, (.*)[\])]", wanted):
        for key, item in value.items():
            yield from faults(models, match[1], item, f"{place}.{key}")
    elif wanted in ("str", "int", "float", "bool", "object"):
        if wanted != "object" and type(value).__name__ != wanted:
            yield f"{place} is {value!r}, expected {wanted}"
    elif isinstance(value, dict):
        model = getattr(models, wanted)
        types = getattr(model, "openapi_types", None) or model.swagger_types
        names = {member: name for name, member in model.attribute_map.items()}
        for key, item in value.items() if types else ():  # a model without members is any mapping
            if key not in names:
                yield f"{place}.{key} is not known to {wanted}"
            else:
                yield from faults(models, types[names[key]], item, f"{place}.{key}")
        model(**{names[key]: item for key, item in value.items() if key in names})  # what must be there is
    elif not isinstance(value, str | int):
        yield f"{place} is {value!r}, expected {wanted}"


@pytest.mark.parametrize("given", COMPONENTS)
def test_an_inference_service_is_one_to_kserves_own_models(folder: Path, given: list[str]) -> None:
    pytest.importorskip("kserve", reason="KServe's SDK is only in the environment of tox's manifests")
    (thing,) = manifest(folder, "--kind", "kserve", *settings(*given))
    models = ChainedModels(import_module("kserve.models"), import_module("kubernetes.client"))
    assert list(faults(models, "V1beta1InferenceService", thing, "")) == []


class ChainedModels:
    """The models of a module, and of another one that they refer to."""

    def __init__(self, *modules: Any) -> None:
        self.modules = modules

    def __getattr__(self, name: str) -> Any:
        name = name.removeprefix("K8sIoApiApps")  # KServe's name for a model of Kubernetes
        return next(getattr(module, name) for module in self.modules if hasattr(module, name))


def test_prometheus_is_told_of_the_page_with_all_metrics(folder: Path) -> None:
    def pod(*given: str) -> Any:
        return manifest(folder, *settings(*given))[0]["spec"]["template"]["metadata"]

    assert pod("METRICS=prometheus")["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "6000",
        "prometheus.io/path": "/metrics/all",
    }
    moved = ["PREDICTIVE_UNIT_METRICS_SERVICE_PORT=1", "PREDICTIVE_UNIT_METRICS_ENDPOINT=/m/"]
    assert pod("METRICS=prometheus", *moved)["annotations"]["prometheus.io/path"] == "/m/all"
    assert "annotations" not in pod("METRICS=0")
    (kserve,) = manifest(folder, "--kind", "kserve", *settings("METRICS=prometheus", *moved))
    told = kserve["metadata"]["annotations"]
    assert told["serving.kserve.io/enable-prometheus-scraping"] == "true"
    assert (told["prometheus.kserve.io/port"], told["prometheus.kserve.io/path"]) == ("1", "/m/all")


def test_a_pod_has_the_time_to_end_that_the_runtime_takes(folder: Path) -> None:
    deployment = manifest(folder)[0]
    pod = deployment["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 5 + 20 + 10
    deployment = manifest(folder, *settings("SELDON_GRACE_S=90.5", "SELDON_DRAIN_DELAY_S=0"))[0]
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 91 + 10


def test_probes_ask_the_transport_that_is_served(folder: Path) -> None:
    def container(*given: str) -> Any:
        return manifest(folder, *settings(*given))[0]["spec"]["template"]["spec"]["containers"][0]

    assert container("API_TYPE=GRPC,REST")["livenessProbe"]["httpGet"] == {
        "path": "/health/live",
        "port": 5001,
    }
    assert container("API_TYPE=GRPC")["readinessProbe"]["grpc"] == {"port": 5000}
    assert container("API_TYPE=GRPC")["livenessProbe"]["grpc"] == {"port": 5000, "service": "live"}
    assert not any(name.endswith("Probe") for name in container("API_TYPE=ZMQ"))
    slow = manifest(folder, "--start-timeout", "601")[0]["spec"]["template"]["spec"]["containers"][0]
    assert slow["startupProbe"]["failureThreshold"] * slow["startupProbe"]["periodSeconds"] >= 601


def test_a_transport_without_a_port_has_no_service(folder: Path) -> None:
    assert "Service" not in [thing["kind"] for thing in manifest(folder, *settings("API_TYPE=REDIS-STREAMS"))]


def test_state_has_one_pod_which_ends_before_the_next_one_starts(folder: Path) -> None:
    (deployment, _) = manifest(folder, *settings("PERSISTENCE=1"))
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    (seldon,) = manifest(folder, "--kind", "seldon", *settings("PERSISTENCE=1"))
    assert seldon["spec"]["predictors"][0]["replicas"] == 1
    (kserve,) = manifest(folder, "--kind", "kserve", *settings("PERSISTENCE=1"))
    assert kserve["spec"]["predictor"]["maxReplicas"] == 1


def test_what_the_operator_sets_is_left_to_it(folder: Path) -> None:
    given = settings("PREDICTIVE_UNIT_HTTP_SERVICE_PORT=1", *COMPONENTS[-1])
    (thing,) = manifest(folder, "--kind", "seldon", *given)
    (predictor,) = thing["spec"]["predictors"]
    (container,) = predictor["componentSpecs"][0]["spec"]["containers"]
    assert not any(variable["name"].startswith("PREDICTIVE_UNIT") for variable in container["env"])
    assert predictor["graph"]["parameters"] == [{"name": "n", "value": "1", "type": "INT"}]
    assert container["readinessProbe"]["httpGet"]["port"] == 9000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--name", "Fraud_Model"], "'Fraud_Model' names no object"),
        (["--setting", "PERSISTENCE=file"], "use PERSISTENCE=redis"),
        (["--setting", "PERSISTENCE"], "expected NAME=value"),
        (["--setting", "PERSISTENCE_SECRET_KEY=abc"], "use --secret"),
        (["--setting", "PREDICTIVE_UNIT_PARAMETERS=["], "PREDICTIVE_UNIT_PARAMETERS"),
        (["--setting", 'PREDICTIVE_UNIT_PARAMETERS=[{"name": "n"}]'], "has no 'type'"),
        (["--setting", "SERVICE_TYPE=MODELL"], "'MODELL'"),
        (["--setting", "PREDICTIVE_UNIT_SERVICE_PORT=http"], "'http'"),
        (["--setting", "SELDON_GRACE_S=long"], "'long'"),
        (["--secret", "A=b"], "expected NAME=SECRET/KEY"),
        (["--min-replicas", "3", "--max-replicas", "2"], "--max-replicas is less"),
        (["--kind", "kserve", "--setting", "SERVICE_TYPE=ROUTER"], "this is a ROUTER"),
        (["--kind", "kserve", "--setting", "API_TYPE=ZMQ"], "API_TYPE names neither"),
    ],
)
def test_what_cannot_run_in_a_cluster_is_refused(folder: Path, arguments: list[str], says: str) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == 1
    assert says in done.output


def test_a_folder_without_settings_needs_a_model_name(tmp_path: Path) -> None:
    assert "MODEL_NAME is set neither" in run(tmp_path).output
    assert manifest(tmp_path, *settings("MODEL_NAME=A"))[0]["metadata"]["name"] == "a"


@pytest.mark.parametrize(
    ("reference", "name"),
    [("FraudModel", "fraud-model"), ("pkg.mod:Iris2Net", "iris2-net"), ("path/my_model.py", "my-model")],
)
def test_objects_are_named_after_the_class(reference: str, name: str) -> None:
    assert object_name(reference) == name
