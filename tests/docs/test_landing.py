"""The landing page and the README: their example, picture, commands and numbers."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.support.http_client import HttpClient
from tests.support.pages import Page
from tests.support.paths import DOCS, ROOT
from tests.support.scripts import packaging_script

LANDING = Page("index.md")
README = (ROOT / "README.md").read_text()
PICTURE = packaging_script("picture")


def test_the_example_of_the_landing_page_answers_as_shown(seldon_run: Callable[..., Any]) -> None:
    command, shown = re.findall(r"```console\n\$ (curl .*?)\n(.*?)\n```", LANDING.text, re.S)[0]
    words = shlex.split(command)
    sent = dict(pairwise(words))
    server = seldon_run("MeanClassifier", "REST", source=LANDING.files["MeanClassifier.py"])
    headers = dict([sent["-H"].split(": ")])
    with HttpClient(server.ports["rest"]) as client:
        path = words[1].removeprefix("localhost:5000")
        answer = client.request("POST", path, sent["-d"].encode(), headers)
    assert (answer.status, answer.json) == (200, json.loads(shown))


def test_the_picture_is_current() -> None:
    assert PICTURE.picture() == PICTURE.PICTURE.read_text(), "run: python packaging/picture.py"


def test_the_text_of_the_picture_is_readable_on_its_boxes() -> None:
    for colour in (PICTURE.PLUGIN, PICTURE.CORE, PICTURE.OWN, PICTURE.OUTSIDE):
        assert contrast(colour, PICTURE.TEXT) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as ``#00695c`` (WCAG 2.2)."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    assert len(README.splitlines()) < 150
    assert re.findall(r"```sh\n(.*?)\n```", README, re.S)[:2] == [
        "python3 -m pip install tox && tox run -e demo",
        "python3 -m pip install tox && tox",
    ]


def test_the_calls_of_the_readme_are_those_of_the_benchmark() -> None:
    benchmark = (DOCS / "explanation/benchmarks.md").read_text().partition("**calls/s**")[2]
    columns = re.findall(r"^\|  \| (.*) \|$", benchmark, re.M)[0].split(" | ")
    for title, row in (
        ("REST calls/s, 16 connections", "REST, 16 connections"),
        ("gRPC calls/s, 16 streams", "gRPC, 16 streams, 54-byte tensor"),
    ):
        measured = re.findall(rf"^\| {row} \| (.*) \|$", benchmark, re.M)[0].split(" | ")
        shown = re.findall(rf"^\| {title} \| (.*) \|$", README, re.M)[0].split("|")
        found = dict(zip(columns, measured, strict=True))
        wanted = ("seldon", "incumbent", "mlserver", "kserve", None, "litserve", None)
        expected = [found.get(name, "–").replace("–", "") if name else "" for name in wanted]
        assert [cell.strip() for cell in shown] == expected


def test_every_link_label_of_the_readme_has_its_address_and_is_used() -> None:
    used = set(re.findall(r"\]\[([\w-]+)\]", README))
    assert used == set(re.findall(r"^\[([\w-]+)\]: https://", README, re.M))
