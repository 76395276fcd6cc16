"""Secrets are recognized by name, type and form, and do not appear in texts for people."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.settings.secrets import (
    holds_secret,
    is_secret_name,
    redacted,
    redacted_setting,
    shown_setting,
)

SECRET = "sesame-open-yourself"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "dbPassword",
        "redis-passwd",
        "api_key",
        "apiKey",
        "APIKEY",
        "AWS_SECRET_ACCESS_KEY",
        "token",
        "authToken",
        "credentials",
        "PERSISTENCE_SECRET_KEY",
        "key",
        "pwd",
        "ssl.passphrase",
    ],
)
def test_names_of_secrets(name):
    assert is_secret_name(name)
    assert holds_secret(name, SECRET)
    assert shown_setting(name, SECRET) == "***"


@pytest.mark.parametrize(
    "name",
    ["n", "model_uri", "monkey", "keyboard", "tokenizer", "eos_token", "grpc_tls_key", "key_file", "author"],
)
def test_other_names(name):
    assert not is_secret_name(name)
    assert not holds_secret(name, SECRET)


@pytest.mark.parametrize("value", ["true", "False", "0", "16384", ""])
def test_a_switch_or_a_small_number_is_no_secret(value):
    assert not holds_secret("FLASK_JSON_SORT_KEYS", value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://u:p@h:6379/0", "redis://***@h:6379/0"),
        ("redis://:p@h", "redis://***@h"),
        ("redis://u:p/a#s?s@h", "redis://***@h"),
        ("amqp://u:p@ss@h", "amqp://***@h"),
        ("https://token@h/x", "https://***@h/x"),
        ("a redis://u:p@h and https://v:q@i/", "a redis://***@h and https://***@i/"),
        ("https://h/x?api_key=abc&n=1", "https://h/x?api_key=***&n=1"),
        ("https://h/x?X-Amz-Signature=abc", "https://h/x?X-Amz-Signature=***"),
        ("https://h:80/x", "https://h:80/x"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_credentials_in_addresses_are_hidden(text, shown):
    assert redacted(text) == shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="\"'<>"), min_size=1))
def test_no_password_of_an_address_stays(password):
    assert redacted(f"a redis://user:{password}@host b") == "a redis://***@host b"


def test_in_parameters_the_values_of_texts_are_hidden():
    parameters = [
        {"name": "db", "value": SECRET, "type": "STRING"},
        {"name": "n", "value": "12", "type": "INT"},
        {"name": "pin_password", "value": "123456789", "type": "INT"},
        {"name": "odd", "value": {"nested": SECRET}, "type": "JSON"},
        {"name": "m", "value": True, "type": "BOOL"},
    ]
    shown = json.loads(shown_setting("parameters", json.dumps(parameters)))
    assert [entry["value"] for entry in shown] == ["***", "12", "***", "***", True]
    assert [entry["name"] for entry in shown] == ["db", "n", "pin_password", "odd", "m"]


@pytest.mark.parametrize("value", [SECRET, [SECRET], {"a": SECRET}, f"1 {SECRET}", "1234567-89"])
@pytest.mark.parametrize("kind", ["INT", "FLOAT", "DOUBLE", "BOOL", "LIST", None])
def test_a_parameter_of_a_wrong_value_is_hidden(value, kind):
    text = json.dumps([{"name": "n", "value": value, "type": kind}])
    assert json.loads(shown_setting("parameters", text))[0]["value"] == "***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("me:sesame@host:26379", "***@host:26379"),
        ("a:1,me:sesame@b:2", "a:1,***@b:2"),
        ("redis:/me:sesame@host", "***@host"),
        ("--hosts is 'me:sesame@host'.", "--hosts is '***@host'."),
        ("redis://me:sesame@host/0", "redis://***@host/0"),
        ("me@example.org", "me@example.org"),
        ("model.pkg:Class", "model.pkg:Class"),
        ("::1", "::1"),
    ],
)
def test_credentials_in_addresses_without_slashes_are_hidden_in_settings(text, shown):
    assert redacted_setting(text) == shown
    assert holds_secret("hosts", text) is (shown != text)
    assert shown_setting("hosts", text) == shown


@pytest.mark.parametrize(
    "text", [SECRET, f'{{"name": "{SECRET}"}}', f'["{SECRET}"]', f'[{{"value": "{SECRET}"', "7"]
)
def test_parameters_that_cannot_be_read_are_hidden_as_a_whole(text):
    assert shown_setting("parameters", text) == "***"


def test_an_unset_setting_is_empty():
    assert shown_setting("json_sort_keys", True) == "True"
    assert shown_setting("redis_url", None) == shown_setting("redis_url", "") == ""
