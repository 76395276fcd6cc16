"""Settings of a component to deploy: those that no cluster can run are refused, and secrets too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seldon_runtime_tools import deployable

from .manifests import manifest, run, settings


def test_defaults_are_those_of_the_runtime() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "reference/settings.md").read_text()
    defaults = dict(re.findall(r"^\| `--[\w-]+` \| `(\w+)` \| `?([^|`]*)`? \|", page, re.M))
    assert defaults["SELDON_GRACE_S"] == str(deployable.GRACE_S)
    assert defaults["PREDICTIVE_UNIT_SERVICE_PORT"] == str(deployable.PORT)
    assert defaults["PREDICTIVE_UNIT_METRICS_SERVICE_PORT"] == str(deployable.METRICS_PORT)
    assert defaults["PREDICTIVE_UNIT_METRICS_ENDPOINT"] == deployable.METRICS_ENDPOINT


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
        (["--kind", "seldon", "--setting", "API_TYPE=ZMQ"], "API_TYPE names neither"),
        (["--setting", "PERSISTENCE=1", "--min-replicas", "3"], "--min-replicas is 3, but a component that"),
        (["--setting", "PERSISTENCE=redis", "--max-replicas", "2"], "--max-replicas is 2, but a component"),
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
