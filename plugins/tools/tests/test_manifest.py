"""Manifests: valid under their readers' schemas, and in line with the component's settings."""

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

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools import deployable
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
    children = (
        ["--child", "a=example/a:1", "--child", "b=example/b:1"] if kind in ("ROUTER", "COMBINER") else []
    )
    (thing,) = manifest(folder, "--kind", "seldon", *settings(*given, f"SERVICE_TYPE={kind}"), *children)
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


@pytest.mark.parametrize(
    ("protocols", "seldon", "kserve"),
    [
        ([], None, None),
        (["SELDON_PROTOCOLS=v1"], None, None),
        (["SELDON_PROTOCOLS=v2"], "v2", "v2"),
        (["SELDON_PROTOCOLS=V1, v2"], None, "v2"),
    ],
)
def test_the_objects_name_the_open_inference_protocol(
    folder: Path, protocols: list[str], seldon: str | None, kserve: str | None
) -> None:
    (deployment,) = manifest(folder, "--kind", "seldon", *settings(*protocols))
    assert deployment["spec"].get("protocol") == seldon
    (service,) = manifest(folder, "--kind", "kserve", "--name", "iris", *settings(*protocols))
    (container,) = service["spec"]["predictor"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment.get("PROTOCOL") == kserve
    assert environment.get("SELDON_V2_MODEL_NAME") == (kserve and "iris")


def test_a_model_name_of_the_settings_stays(folder: Path) -> None:
    given = settings("SELDON_PROTOCOLS=v2", "SELDON_V2_MODEL_NAME=own")
    (service,) = manifest(folder, "--kind", "kserve", *given)
    (container,) = service["spec"]["predictor"]["containers"]
    names = [each["value"] for each in container["env"] if each["name"] == "SELDON_V2_MODEL_NAME"]
    assert names == ["own"]


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


def test_defaults_are_those_of_the_runtime() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "reference/settings.md").read_text()
    defaults = dict(re.findall(r"^\| `--[\w-]+` \| `(\w+)` \| `?([^|`]*)`? \|", page, re.M))
    assert defaults["SELDON_GRACE_S"] == str(deployable.GRACE_S)
    assert defaults["PREDICTIVE_UNIT_SERVICE_PORT"] == str(deployable.PORT)
    assert defaults["PREDICTIVE_UNIT_METRICS_SERVICE_PORT"] == str(deployable.METRICS_PORT)
    assert defaults["PREDICTIVE_UNIT_METRICS_ENDPOINT"] == deployable.METRICS_ENDPOINT


def test_probes_and_scrapes_use_tls(folder: Path) -> None:
    tls = settings("SELDON_HTTP_TLS_CERT=/tls/tls.crt", "SELDON_METRICS_TLS_CERT=/tls/tls.crt")
    pod = manifest(folder, *settings("METRICS=prometheus"), *tls)[0]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"
    assert pod["metadata"]["annotations"]["prometheus.io/scheme"] == "https"


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
        (["--name", "Fraud_Model"], "'Fraud_Model' must be a Kubernetes name"),
        (["--setting", "PERSISTENCE=file"], "use PERSISTENCE=redis"),
        (["--setting", "PERSISTENCE"], "NAME=value"),
        (["--setting", "PERSISTENCE_SECRET_KEY=abc"], "use --secret"),
        (["--setting", "PREDICTIVE_UNIT_PARAMETERS=["], "PREDICTIVE_UNIT_PARAMETERS"),
        (["--setting", 'PREDICTIVE_UNIT_PARAMETERS=[{"name": "n"}]'], "has no 'value'"),
        (["--setting", "SERVICE_TYPE=MODELL"], "'MODELL'"),
        (["--setting", "PREDICTIVE_UNIT_SERVICE_PORT=http"], "'http'"),
        (["--setting", "SELDON_GRACE_S=long"], "'long'"),
        (["--secret", "A=b"], "NAME=SECRET/KEY"),
        (["--min-replicas", "3", "--max-replicas", "2"], "--max-replicas is 2, less than"),
        (["--kind", "kserve", "--setting", "SERVICE_TYPE=ROUTER"], "this is a ROUTER"),
        (["--kind", "seldon", "--setting", "SERVICE_TYPE=ROUTER"], "a ROUTER needs children in its graph"),
        (["--kind", "seldon", "--setting", "SERVICE_TYPE=COMBINER"], "--child model-a=example/a:1"),
        (["--kind", "seldon", "--child", "a"], "NAME=IMAGE"),
        (["--kind", "seldon", "--child", "A=i"], "'A' must be a Kubernetes name"),
        (["--kind", "seldon", "--child", "a=I"], "'I' is not a valid image"),
        (["--kind", "seldon", "--child", "a=i", "--child", "a=j"], "a is named twice"),
        (["--kind", "seldon", "--child", "fraud-model=i"], "is the component itself"),
        (["--child", "a=i"], "--kind seldon"),
        (["--image", "example/Fraud:1"], "'example/Fraud:1' is not a valid image"),
        (["--image", "fraud model"], "[REGISTRY/]NAME[:TAG][@DIGEST]"),
        (["--memory", "256MB"], "--memory is '256MB'"),
        (["--cpu", "a lot"], "--cpu is 'a lot'"),
        (["--secret", "A=My_Secret/key"], "does not name a key of a Secret"),
        (["--setting", "SELDON_WORKERS=many"], "'many'"),
        (["--kind", "kserve", "--setting", "API_TYPE=ZMQ"], "API_TYPE names neither"),
    ],
)
def test_what_cannot_run_in_a_cluster_is_refused(folder: Path, arguments: list[str], says: str) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == 1
    assert says in done.output


def test_a_folder_without_settings_needs_a_model_name(tmp_path: Path) -> None:
    assert "MODEL_NAME is not set" in run(tmp_path).output
    assert manifest(tmp_path, *settings("MODEL_NAME=A"))[0]["metadata"]["name"] == "a"


@pytest.mark.parametrize(
    ("reference", "name"),
    [("FraudModel", "fraud-model"), ("pkg.mod:Iris2Net", "iris2-net"), ("path/my_model.py", "my-model")],
)
def test_objects_are_named_after_the_class(reference: str, name: str) -> None:
    assert object_name(reference) == name


LEARNING = """
class Base:
    def send_feedback(self, features, names, reward, truth, routing=None): ...
class FraudModel({base}):
    def route(self, X, names): return 0
"""


def replicas(thing: Any) -> Any:
    spec = thing["spec"]
    return spec.get("replicas") or spec["predictors"][0].get("replicas")


@pytest.mark.parametrize("kind", [["--kind", "seldon", "--child", "a=i", "--child", "b=j"], []])
def test_a_router_that_learns_without_state_has_one_replica_and_says_why(
    folder: Path, kind: list[str]
) -> None:
    router = [*settings("SERVICE_TYPE=ROUTER"), *kind]
    (folder / "FraudModel.py").write_text(LEARNING.format(base="Base"))
    done = run(folder, *router)
    things = [thing for thing in yaml.safe_load_all(done.output) if thing]
    assert replicas(things[0]) == 1
    assert not {"HorizontalPodAutoscaler", "PodDisruptionBudget"} & {thing["kind"] for thing in things}
    assert "# one replica: the router FraudModel learns from feedback (send_feedback)" in done.stdout
    assert "PERSISTENCE=redis" in done.stdout
    chosen = run(folder, *router, "--min-replicas", "3")
    assert "minReplicas: 3" in chosen.stdout
    assert "one replica" not in chosen.output
    (folder / "FraudModel.py").write_text(LEARNING.format(base="object"))
    assert "one replica" not in run(folder, *router).output
    assert "minReplicas: 2" in run(folder, *router).stdout


def test_the_children_of_a_graph_have_names_and_containers(folder: Path) -> None:
    children = ["--child", "model-a=example/a:1", "--child", "model-b=example/b:1"]
    (thing,) = manifest(folder, "--kind", "seldon", *settings("SERVICE_TYPE=COMBINER"), *children)
    (predictor,) = thing["spec"]["predictors"]
    assert predictor["graph"]["children"] == [
        {"name": "model-a", "type": "MODEL"},
        {"name": "model-b", "type": "MODEL"},
    ]
    containers = predictor["componentSpecs"][0]["spec"]["containers"]
    assert [(each["name"], each["image"]) for each in containers] == [
        *(("fraud-model", "example/fraud:1"), ("model-a", "example/a:1"), ("model-b", "example/b:1"))
    ]
    (alone,) = manifest(folder, "--kind", "seldon")
    assert "children" not in alone["spec"]["predictors"][0]["graph"]


@pytest.mark.parametrize(
    ("given", "memory"),
    [
        ([], "256Mi"),
        (["SELDON_WORKERS=4"], "1024Mi"),
        (["GUNICORN_WORKERS=2"], "512Mi"),
        (["SELDON_WORKERS=2", "SELDON_MAX_REQUESTS=1000"], "768Mi"),
    ],
)
def test_the_memory_follows_the_workers(folder: Path, given: list[str], memory: str) -> None:
    def limits(*words: str) -> Any:
        deployment = manifest(folder, *settings(*given), *words)[0]
        return deployment["spec"]["template"]["spec"]["containers"][0]["resources"]

    assert (limits()["limits"]["memory"], limits()["requests"]["memory"]) == (memory, memory)
    assert limits("--memory", "3Gi")["limits"]["memory"] == "3Gi"


@pytest.mark.parametrize(
    "setting",
    [
        "PERSISTENCE_SECRET_KEY=sesame",
        "REDIS_URL=redis://u:sesame@h",
        "DB_PASSWORD=sesame",
        'PREDICTIVE_UNIT_PARAMETERS=[{"name": "api_key", "value": "sesame", "type": "STRING"}]',
        'PREDICTIVE_UNIT_PARAMETERS=[{"name": "db", "value": "pg://u:sesame@h", "type": "STRING"}]',
    ],
)
@pytest.mark.parametrize("kind", ["kubernetes", "seldon", "kserve"])
def test_a_secret_does_not_get_into_a_manifest(folder: Path, setting: str, kind: str) -> None:
    done = run(folder, "--kind", kind, "--setting", setting)
    assert done.exit_code == 1
    assert "--secret" in done.output
    assert "sesame" not in done.output


def test_settings_that_only_look_like_secrets_get_into_a_manifest(folder: Path) -> None:
    given = ("REDIS_URL=redis://h:6379/0", "FLASK_JSON_SORT_KEYS=false", "SELDON_GRPC_TLS_KEY=/tls/tls.key")
    text = run(folder, *settings(*given)).output
    for setting in given:
        assert setting.partition("=")[2] in text


def test_a_line_that_is_no_setting_is_named_without_its_value(folder: Path) -> None:
    done = run(folder, "--setting", "DB-PASSWORD=sesame")
    assert done.exit_code == 1
    assert "DB-PASSWORD" in done.output
    assert "sesame" not in done.output
