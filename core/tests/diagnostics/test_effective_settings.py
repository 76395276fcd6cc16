"""The doctor reports each setting with its source, wrong values too, and keeps secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .reports import OPTION, setting, texts

Run = Callable[..., Any]
Publish = Callable[..., Path]


def test_each_value_is_told_with_where_it_comes_from(doctor: Run) -> None:
    report = doctor(
        *("MyModel", "MOCK", "--grace", "3", "--mock-port", "7"), SELDON_HOST="::1", GUNICORN_THREADS="2"
    )
    assert setting(report, "grace_s") == (3.0, "command line --grace", "core")
    assert setting(report, "host") == ("::1", "environment SELDON_HOST", "core")
    assert setting(report, "threads") == (2, "environment GUNICORN_THREADS", "core")
    assert setting(report, "queue_size") == (1000, "default", "core")
    assert setting(report, "model_name") == ("MyModel", "command line argument", "core")
    value, source, owner = setting(report, "mock_port")
    assert (value, source) == (7, "command line --mock-port")
    assert owner.startswith("transport plugin 'mock' (acme-mock 1.0")


def test_secrets_are_not_shown(seldon_run: Run, doctor: Run, publish: Publish) -> None:
    publish(
        "acme-a", {"extension": "a = acme_a"}, OPTION.format('["--a-url"], envvar="A_URL", hide_input=True')
    )
    words = ("MyModel", "--extension", "a", "--persistence-secret-key", "sesame-open-yourself")
    report = doctor(*words, A_URL="redis://:sesame@host")
    assert setting(report, "persistence_secret_key")[0] == "***"
    assert setting(report, "a_url")[:2] == ("***", "environment A_URL")
    assert "sesame" not in json.dumps(report)
    assert "sesame" not in seldon_run("doctor", *words).out
    assert texts(report, "warning") == [
        "the command line contains --persistence-secret-key, where other users can read it: set its variable"
    ]


def test_texts_of_parameters_and_credentials_of_addresses_are_not_shown(seldon_run: Run, doctor: Run) -> None:
    given = {
        "PREDICTIVE_UNIT_PARAMETERS": '[{"name": "db", "value": "sesame", "type": "STRING"},'
        ' {"name": "n", "value": "12", "type": "INT"}]',
        "SELDON_DEPLOYMENT_ID": "https://u:sesame@h/",
    }
    for out in (seldon_run("doctor", "MyModel", **given).out, json.dumps(doctor("MyModel", **given))):
        assert "sesame" not in out
        assert "12" in out
        assert "https://***@h/" in out
    report = doctor("MyModel", "unexpected", "https://u:sesame@h/", "x")
    assert "sesame" not in json.dumps(report)


@pytest.mark.parametrize(
    "given",
    [
        {"PREDICTIVE_UNIT_PARAMETERS": '[{"name": "n", "value": "sesame", "type": "INT"}]'},
        {"PREDICTIVE_UNIT_PARAMETERS": '[{"name": "n", "value": ["sesame"], "type": "BOOL"}]'},
        {"SELDON_WORKERS": "me:sesame@host"},
        {"SELDON_HOST": "me:sesame@host"},
    ],
)
def test_wrong_values_that_may_be_secrets_are_not_shown(
    seldon_run: Run, doctor: Run, given: dict[str, str]
) -> None:
    for words in (("doctor", "MyModel"), ("MyModel", "MOCK", "--check")):
        ended = seldon_run(*words, **given)
        assert "sesame" not in ended.out + ended.err
    assert "sesame" not in json.dumps(doctor("MyModel", **given))


def test_wrong_values_are_all_told(doctor: Run) -> None:
    report = doctor("MyModel", "--grace", "soon", "--nothing", SELDON_WORKERS="many", SELDON_LOG_LEVEL="LOUD")
    errors = "\n".join(texts(report, "error"))
    assert "the command line is wrong: No such option" in errors
    assert "--grace is wrong: " in errors
    assert "--workers is wrong: " in errors
    assert "--log-level is wrong: " in errors
    assert setting(report, "workers")[:2] == ("many", "environment SELDON_WORKERS")


def test_an_option_that_has_to_be_given_is_told_and_keeps_nobody_from_looking(
    seldon_run: Run, doctor: Run, publish: Publish
) -> None:
    option = OPTION.format('["--a-name"], envvar="A_NAME", required=True')
    publish("acme-a", {"extension": "a = acme_a"}, option)
    report = doctor("MyModel", "--extension", "a", "--grace", "soon")
    wrong, missing = texts(report, "error")
    assert wrong.startswith("--grace is wrong")
    assert missing == "--a-name is missing, and has no default"
    ended = seldon_run("plugins", SELDON_EXTENSIONS="a")
    assert ended.status == 0
    assert "SELDON_EXTENSIONS names it" in ended.out
    ended = seldon_run("MyModel", "--check", SELDON_EXTENSIONS="a")
    assert ended.status == 2
    assert "Missing option '--a-name'" in ended.err
    assert doctor("MyModel", "--extension", "a", A_NAME="given")["ok"]


def test_options_that_clash_are_told(doctor: Run, publish: Publish) -> None:
    publish("acme-a", {"extension": "a = acme_a"}, OPTION.format('["--host"]'))
    report = doctor("MyModel", "--extension", "a")
    assert texts(report, "error") == [
        "extension plugin 'a' (acme-a 1.0, acme_a) defines an option --host, as the core does: "
        "leave one of them out"
    ]
