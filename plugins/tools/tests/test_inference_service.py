"""An InferenceService: valid for Kubernetes and for KServe's own models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from .manifests import COMPONENTS, manifest, pod_of, settings, validate


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
    """Yield the members of ``value`` that an API's models do not know, or read as another type."""
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


def test_a_model_name_of_the_settings_stays(folder: Path) -> None:
    given = settings("SELDON_PROTOCOLS=v2", "SELDON_V2_MODEL_NAME=own")
    (service,) = manifest(folder, "--kind", "kserve", *given)
    (container,) = service["spec"]["predictor"]["containers"]
    names = [each["value"] for each in container["env"] if each["name"] == "SELDON_V2_MODEL_NAME"]
    assert names == ["own"]
