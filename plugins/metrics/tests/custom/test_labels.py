"""The labels of custom metrics."""

from __future__ import annotations

from seldon_runtime.plugin import Identity

from .samples import counter

IDENTITY = Identity("unit", "reg:5000/team/image:1.2", "deployment", "predictor", {"version": "v7"})
LABELS = {
    "deployment_name": "deployment",
    "model_name": "unit",
    "model_image": "reg:5000/team/image",
    "model_version": "1.2",
    "predictor_name": "predictor",
    "predictor_version": "v7",
    "seldon_deployment_name": "deployment",
    "image_name": "reg:5000/team/image",
    "image_version": "1.2",
}


def test_series_carry_the_identity_the_method_and_their_own_tags(serve):
    served = serve(identity=IDENTITY)
    served.measure(counter("rows", 1, zone="a"))
    labels = frozenset({**LABELS, "method": "predict", "zone": "a"}.items())
    assert served.samples()["rows_total", labels] == 1


def test_what_is_not_set_is_said_to_be_not_implemented(served):
    served.measure(counter("rows", 1))
    assert served.value("rows_total", **dict.fromkeys(LABELS, "NOT_IMPLEMENTED")) == 1


def test_an_image_without_a_tag_has_no_version(serve):
    served = serve(identity=Identity(image="reg:5000/image"))
    served.measure(counter("rows", 1))
    assert served.value("rows_total", model_image="reg:5000/image", model_version="NOT_IMPLEMENTED") == 1


def test_tags_cannot_replace_the_standard_labels(served):
    served.measure(counter("rows", 1, model_name="mine", method="mine", own="x"))
    assert served.value("rows_total", model_name="NOT_IMPLEMENTED", method="predict", own="x") == 1
