"""Names that a cluster accepts."""

from __future__ import annotations

import click
import pytest

from seldon_runtime_tools.deployment import names

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    "image",
    [
        *("fraud", "fraud:1.2", "team/fraud:v1", "registry:5000/team/fraud:1", "localhost/fraud"),
        *("Registry.example.com/fraud", "a.b/c_d/e__f/g-h--i.j:_x", f"fraud@{DIGEST}", f"r.io/f:1@{DIGEST}"),
        *("[2001:db8::1]:5000/fraud", "x" * 255),
    ],
)
def test_images_are_accepted(image: str) -> None:
    names.check_image(image, "--image")


@pytest.mark.parametrize(
    "image",
    [
        *(
            "",
            "Fraud",
            "Team/fraud",
            "team/Fraud:1",
            "fraud:",
            "fraud:-1",
            "fraud:" + "x" * 129,
            "fraud model",
        ),
        *(
            "/fraud",
            "fraud/",
            "a//b",
            "a..b",
            "a___b",
            "-a",
            "fraud@sha256:abc",
            "https://r.io/fraud",
            "fraud\n",
        ),
        *("x" * 256, "fraud:1:2", "registry:port/fraud", "fräud", "fraud:1\nRUN true"),
    ],
)
def test_impossible_images_are_refused(image: str) -> None:
    with pytest.raises(click.ClickException, match="is not a valid image; --image takes"):
        names.check_image(image, "--image")


@pytest.mark.parametrize(
    "name", ["Fraud", "1fraud", "fraud-", "fraud.model", "", "x" * 64, "fraud\n", "fräud"]
)
def test_impossible_names_of_objects_are_refused(name: str) -> None:
    with pytest.raises(click.ClickException, match="must be a Kubernetes name"):
        names.check_name(name, "--name")
    names.check_name("x" * 63, "--name")


@pytest.mark.parametrize("quantity", ["1", "0.5", ".5", "250m", "1.5Gi", "128Mi", "2G", "64k"])
def test_quantities_are_accepted(quantity: str) -> None:
    names.check_quantity(quantity, "--cpu")


@pytest.mark.parametrize("quantity", ["", "256MB", "1 Gi", "-1", "Mi", "1gi", "1,5"])
def test_impossible_quantities_are_refused(quantity: str) -> None:
    with pytest.raises(click.ClickException, match="--cpu is"):
        names.check_quantity(quantity, "--cpu")


def test_a_secret_has_a_name_and_a_key() -> None:
    names.check_secret("redis.prod", "PASS_WORD.1")
    for secret, key in (("Redis", "k"), ("redis", "k/l"), ("redis-", "k")):
        with pytest.raises(click.ClickException, match="does not name a key"):
            names.check_secret(secret, key)


def test_a_quantity_is_multiplied() -> None:
    assert names.times("256Mi", 3) == "768Mi"
