"""Deployments and their predictors, as the operator checks them."""

from __future__ import annotations

import pytest

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.predictors import read_file


def test_containers_labels_timeout_and_traffic_are_read(file_of, make):
    main = make.predictor(
        make.node("a"), labels={"version": "v1"}, annotations={"seldon.io/grpc-timeout": "1500"}, traffic=75
    )
    second = make.predictor(make.node("a"), "canary", traffic=25)
    shadow = make.predictor(make.node("a"), "copy", shadow=True, traffic=100)
    document = make.deployment(main, second, shadow, annotations={"seldon.io/rest-timeout": "2000"})
    found = read_file(file_of(document))
    assert found.name == "shop"
    assert [(each.name, each.traffic, each.shadow) for each in found.predictors] == [
        ("main", 75, False),
        ("canary", 25, False),
        ("copy", 100, True),
    ]
    assert [each.timeout_s for each in found.predictors] == [1.5, 2.0, 2.0]
    assert found.predictors[0].labels == {"version": "v1"}
    assert found.predictors[0].containers["a"].image == "example/a:1"


def test_what_has_no_effect_here_is_told(file_of, make):
    graph = make.node("a", logger={"mode": "all"}, envSecretRefName="s")
    main = make.predictor(
        graph, annotations={"seldon.io/engine-separate-pod": "true"}, explainer={"type": "AnchorTabular"}
    )
    main["componentSpecs"][0]["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": "s"}}]
    told = "\n".join(read_file(file_of(make.deployment(main))).warnings)
    for word in ("logger", "envSecretRefName", "engine-separate-pod", "explainer", "envFrom"):
        assert word in told


def test_the_first_form_of_componentSpec_is_read(file_of, make):
    main = make.predictor(make.node("a"))
    main["componentSpec"] = main.pop("componentSpecs")[0]
    assert read_file(file_of(make.deployment(main))).predictors[0].containers["a"].image == "example/a:1"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"protocol": "v2"}, "spec.protocol is 'v2', expected seldon"),
        ({"serverType": "kafka"}, "serverType is 'kafka'"),
        ({"predictors": []}, "has no predictors"),
        ({"predictors": {}}, "spec.predictors is an object, expected a list"),
        ({"predictors": [7]}, r"spec.predictors\[0\] is the value 7, expected an object"),
        (
            {"annotations": {"seldon.io/rest-timeout": "soon"}},
            "spec.annotations has .* 'soon', expected mill",
        ),
        ({"annotations": {"seldon.io/rest-timeout": "9" * 5000}}, "spec.annotations has .*, expected millis"),
        ({"annotations": {"seldon.io/rest-timeout": "0"}}, "'0', expected milliseconds"),
        ({"annotations": {"a": "\ud800"}}, "spec.annotations is '.*', which has a lone surrogate"),
    ],
)
def test_a_wrong_deployment_is_refused(file_of, make, changes, wanted):
    document = make.deployment(make.predictor(make.node("a")))
    document["spec"] |= changes
    with pytest.raises(StartupError, match=rf"graph.json: .*{wanted}"):
        read_file(file_of(document))


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [
        ({"name": "A=B", "value": "1"}, r"env\[1\].name \(container 'a'\) is 'A=B', which no variable can"),
        ({"name": "A\0B", "value": "1"}, "which no variable can be called"),
        ({"name": "\ud800", "value": "1"}, "name .* lone surrogate"),
        ({"name": "A", "value": "1\0"}, r"env\[1\].value \(container 'a'\) has a NUL character"),
        ({"name": "A", "value": "\ud800"}, "value .* lone surrogate"),
        ({"name": "MODEL_NAME", "value": ["x"]}, "value .* is a list, expected a text"),
        ({"name": "A", "value": {"x": 1}}, "value .* is an object, expected a text"),
    ],
)
def test_a_variable_that_no_process_can_have_is_refused(file_of, make, variable, wanted):
    main = make.predictor(make.node("a"))
    main["componentSpecs"][0]["spec"]["containers"][0]["env"].append(variable)
    with pytest.raises(StartupError, match=wanted):
        read_file(file_of(make.deployment(main)))


@pytest.mark.parametrize(
    ("predictors", "wanted"),
    [
        ([{"traffic": 60}, {"traffic": 30}], "adds up to 90, expected 100"),
        ([{}, {}], "adds up to 0, expected 100"),
        ([{"traffic": 50}], "traffic 50, expected 100 or none"),
        ([{"traffic": 120}, {"traffic": -20}], "traffic 120, expected 0 to 100"),
        ([{"shadow": True}], "only a shadow"),
        ([{}, {"shadow": True}, {"shadow": True}], "2 with shadow"),
        ([{"shadow": "yes"}], "shadow .* expected true or false"),
        ([{"traffic": "half"}], "traffic .* expected a whole number"),
        ([{"traffic": 120}, {"shadow": True}], "traffic 120, expected 0 to 100"),
        ([{"annotations": {"seldon.io/no-engine": "true"}}], "no-engine, which allows one node"),
        ([{"annotations": {"seldon.io/no-engine": "True"}}], "no-engine, which allows one node"),
    ],
)
def test_wrong_shares_are_refused(file_of, make, predictors, wanted):
    graph = make.node("a", None, make.node("b"))
    made = [make.predictor(graph, f"p{i}", **more) for i, more in enumerate(predictors)]
    with pytest.raises(StartupError, match=wanted):
        read_file(file_of(make.deployment(*made)))


def test_any_share_beside_a_shadow_is_accepted_as_by_the_operator(file_of, make):
    made = [make.predictor(make.node("a"), traffic=50), make.predictor(make.node("a"), "next", shadow=True)]
    assert read_file(file_of(make.deployment(*made))).predictors[0].traffic == 50


def test_two_predictors_of_one_name_are_refused(file_of, make):
    made = [make.predictor(make.node("a"), traffic=50) for _ in range(2)]
    with pytest.raises(StartupError, match="2 predictors of the name 'main'"):
        read_file(file_of(make.deployment(*made)))


def test_two_containers_of_one_name_are_refused(file_of, make):
    main = make.predictor(make.node("a"))
    main["componentSpecs"] *= 2
    with pytest.raises(StartupError, match="two containers of the name 'a'"):
        read_file(file_of(make.deployment(main)))
