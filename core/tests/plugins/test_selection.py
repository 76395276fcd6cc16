"""The plugins that settings choose: by name, by default, and by the reference of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.selection import Selection

Publish = Callable[..., Any]


def test_defaults_and_switches_choose_what_is_installed(publish: Publish) -> None:
    publish("acme", {"transport": "rest = acme"})
    assert [plugin.name for plugin in Selection().plugins()] == ["rest"]
    assert Selection(persistence="1").unkept_state
    assert [plugin.name for plugin in Selection(persistence="1").plugins()] == ["rest"]
    publish("beta", {"persistence": "redis = beta", "metrics": "prometheus = beta", "extension": "x = beta"})
    assert not Selection(persistence="1").unkept_state
    chosen = Selection(persistence="1", extensions=("x",)).plugins()
    assert [plugin.kind for plugin in chosen] == ["transport", "persistence", "metrics", "extension"]
    assert [plugin.name for plugin in Selection(metrics="0").plugins()] == ["rest"]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(transports=()), "API_TYPE is empty, expected a transport such as REST"),
        (Selection(transports=("rest", "rest")), "API_TYPE names 'rest' twice"),
        (Selection(extensions=("x", "x")), "SELDON_EXTENSIONS names 'x' twice"),
        (Selection(persistence="redis"), "PERSISTENCE names the persistence plugin 'redis', which is not"),
        (Selection(metrics="statsd"), "METRICS names the metrics plugin 'statsd', which is not installed"),
    ],
)
def test_a_choice_that_cannot_be_had_stops_the_start(
    publish: Publish, selection: Selection, message: str
) -> None:
    publish("acme", {"transport": "rest = acme", "extension": "x = acme"})
    with pytest.raises(StartupError) as caught:
        selection.plugins()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("reference", "loader"),
    [
        ("model.onnx", "onnx"),
        ("models/churn.v3.ONNX", "onnx"),
        ("graph.yaml", "yaml"),
        ("s3://bucket/model.onnx", "s3"),
        ("S3://bucket/model", "s3"),
        ("http://host/model.onnx", "onnx"),
        ("models:/churn/3", "models"),
        ("hub:team/model", "hub"),
        ("MyModel", None),
        ("package.module.Class", None),
        ("package.module:Class", None),
        ("path/MyModel.py", None),
        ("path/MyModel.py:Class", None),
        ("onnx", None),
        ("model.", None),
        ("", None),
        (None, None),
    ],
)
def test_a_loader_is_chosen_by_the_scheme_or_the_suffix_of_the_model(
    publish: Publish, reference: str | None, loader: str | None
) -> None:
    publish("acme", {"loader": "ONNX = acme\nyaml = acme\ns3 = acme\nmodels = acme\nhub = acme"})
    selection = Selection(model_name=reference, transports=("rest",))
    assert selection.loader == loader
    assert selection.names()[registry.LOADER] == ([] if loader is None else [loader])


def test_a_loader_is_a_plugin_like_others(publish: Publish) -> None:
    publish("acme", {"transport": "rest = acme", "loader": "yaml = acme"})
    assert [plugin.kind for plugin in Selection(model_name="graph.yaml").plugins()] == ["transport", "loader"]
    publish("beta", {"loader": "yaml = beta"})
    with pytest.raises(
        StartupError, match="MODEL_NAME names the loader plugin 'yaml', which 2 distributions"
    ):
        Selection(model_name="graph.yaml").plugins()


def test_what_is_given_is_told_from_defaults(publish: Publish) -> None:
    publish("acme", {"transport": "rest = acme"})
    assert Selection.of({}).is_default(registry.TRANSPORT)
    assert not Selection.of({"api_type": "rest"}).is_default(registry.TRANSPORT)
    assert Selection.of({}).is_default(registry.METRICS)
    assert not Selection.of({"metrics": "0"}).is_default(registry.METRICS)
    assert not Selection.of({}).is_default(registry.EXTENSION)


def test_every_installed_protocol_is_served_beside_v1_by_default(publish: Publish) -> None:
    publish("acme", {"transport": "rest = acme"})
    assert Selection().served_protocols == ("v1",)
    publish("beta", {"protocol": "v2 = beta\nown = beta"})
    selection = Selection.of({})
    assert selection.served_protocols == ("v1", "own", "v2")
    assert selection.is_default(registry.PROTOCOL)
    assert [plugin.name for plugin in selection.plugins()] == ["rest", "own", "v2"]


def test_protocols_are_chosen_by_name_and_v1_may_be_left_out(publish: Publish) -> None:
    publish("acme", {"transport": "rest = acme", "protocol": "v2 = acme\nown = acme"})
    selection = Selection.of({"protocols": "V2"})
    assert selection.served_protocols == ("v2",)
    assert not selection.is_default(registry.PROTOCOL)
    assert [plugin.name for plugin in selection.plugins()] == ["rest", "v2"]
    assert [plugin.name for plugin in Selection(protocols=("v1",)).plugins()] == ["rest"]


def test_a_protocol_that_is_not_installed_stops_the_start_with_the_remedy(publish: Publish) -> None:
    publish("acme", {"transport": "rest = acme"})
    wanted = r"SELDON_PROTOCOLS names the protocol plugin 'v2'.*runtime\[open-inference\]"
    with pytest.raises(StartupError, match=wanted):
        Selection(protocols=("v1", "v2")).plugins()
    publish("beta", {"protocol": "v2 = beta"})
    with pytest.raises(StartupError, match="SELDON_PROTOCOLS names 'v2' twice"):
        Selection(protocols=("v2", "v2")).plugins()
