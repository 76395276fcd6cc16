"""Names that a cluster accepts: of objects, images, keys of Secrets, and quantities."""

from __future__ import annotations

import re

import click

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SECRET = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_QUANTITY = re.compile(r"(\d+|\d*\.\d+)(m|k|[KMGTPE]i?)?")
_PATH = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = rf"(?:localhost|{_HOST}:\d+|(?=[^/]*\.){_HOST}|\[[0-9a-fA-F:]+\](?::\d+)?)"
_IMAGE = re.compile(
    rf"(?P<name>(?:{_REGISTRY}/)?{_PATH}(?:/{_PATH})*)(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,})?"
)
"""The grammar of the distribution project (github.com/distribution/reference)."""
_LONGEST_IMAGE = 255


def check_name(name: str, setting: str) -> None:
    """Raise click.ClickException unless this is a name for an object or container (RFC 1035 label)."""
    if not _NAME.fullmatch(name):
        raise click.ClickException(
            f"{name!r} must be a Kubernetes name: lower-case letters, digits and -, begun by a letter, "
            f"at most 63; see {setting}"
        )


def check_image(image: str, setting: str) -> None:
    """Raise click.ClickException unless this names an image, such as ``registry:5000/team/model:1.2``."""
    found = _IMAGE.fullmatch(image)
    if found is None or len(found["name"]) > _LONGEST_IMAGE:
        raise click.ClickException(
            f"{image!r} is not a valid image; {setting} takes [REGISTRY/]NAME[:TAG][@DIGEST] "
            "with a lower-case name, such as registry:5000/team/fraud:1.2"
        )


def check_secret(secret: str, key: str) -> None:
    """Raise click.ClickException unless a Secret can have this name and this key."""
    if not (_SECRET.fullmatch(secret) and _KEY.fullmatch(key)):
        raise click.ClickException(
            f"--secret: {secret}/{key} does not name a key of a Secret: lower-case letters, digits, - and . "
            "in the name, letters, digits, -, _ and . in the key"
        )


def check_quantity(quantity: str, setting: str) -> None:
    """Raise click.ClickException unless this is a quantity of Kubernetes, such as ``250m`` or ``1.5Gi``."""
    if not _QUANTITY.fullmatch(quantity):
        raise click.ClickException(
            f"{setting} is {quantity!r}, expected a number with a unit of Kubernetes, "
            "such as 250m, 512Mi or 2Gi"
        )


def times(quantity: str, count: int) -> str:
    """Return a quantity multiplied by a whole number."""
    number = re.match(r"\d+", quantity)
    assert number is not None  # the quantities here are constants of this package
    return f"{int(number[0]) * count}{quantity[number.end() :]}"
