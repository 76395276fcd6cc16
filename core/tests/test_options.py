"""Settings come from the command line, else from the environment, else from their default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.identity import Identity
from seldon_runtime.limits import Limits
from seldon_runtime.options import Selection, guess_selection, identity_from, limits_from, options
from seldon_runtime.settings import Settings

Run = Callable[..., Any]
Publish = Callable[..., Any]

SETTINGS = [
    # name, flag, variable, words and their value, the variable's and its value, default
    ("service_type", "--service-type", "SERVICE_TYPE", "router", "ROUTER", "Combiner", "COMBINER", "MODEL"),
    ("persistence", "--persistence", "PERSISTENCE", "0", "0", "0", "0", "0"),
    ("metrics", "--metrics", "METRICS", "0", "0", "0", "0", None),
    ("parameters", "--parameters", "PREDICTIVE_UNIT_PARAMETERS", "[]", "[]", "[ ]", "[ ]", "[]"),
    ("host", "--host", "SELDON_HOST", "::1", "::1", "10.0.0.1", "10.0.0.1", "0.0.0.0"),
    ("service_port", "--service-port", "PREDICTIVE_UNIT_SERVICE_PORT", "0", 0, "65535", 65535, 5000),
    ("log_level", "--log-level", "SELDON_LOG_LEVEL", "debug", "DEBUG", "Error", "ERROR", "INFO"),
    ("log_format", "--log-format", "SELDON_LOG_FORMAT", "JSON", "json", "text", "text", "text"),
    ("queue_size", "--queue-size", "SELDON_QUEUE_SIZE", "1", 1, "7", 7, 1000),
    ("workers", "--workers", "GUNICORN_WORKERS", "1", 1, "1", 1, 1),
    ("threads", "--threads", "GUNICORN_THREADS", "2", 2, "3", 3, 1),
    ("max_requests", "--max-requests", "GUNICORN_MAX_REQUESTS", "7", 7, "8", 8, 0),
    (
        *("max_requests_jitter", "--max-requests-jitter", "GUNICORN_MAX_REQUESTS_JITTER"),
        *("7", 7, "8", 8, 0),
    ),
    ("drain_delay_s", "--drain-delay", "SELDON_DRAIN_DELAY_S", "0.5", 0.5, "2", 2.0, 0.0),
    ("hang_timeout_s", "--hang-timeout", "SELDON_HANG_TIMEOUT_S", "0.5", 0.5, "2", 2.0, 0.0),
    ("grace_s", "--grace", "SELDON_GRACE_S", "0", 0.0, "1.5", 1.5, 20.0),
    ("timeout_s", "--timeout", "SELDON_TIMEOUT_S", "0.5", 0.5, "7", 7.0, 0.0),
    ("health_timeout_s", "--health-timeout", "SELDON_HEALTH_TIMEOUT_S", "0.5", 0.5, "7", 7.0, 5.0),
    ("max_body_bytes", "--max-body-bytes", "SELDON_MAX_BODY_BYTES", "1", 1, "9", 9, 64 * 1024 * 1024),
    ("max_array_values", "--max-array-values", "SELDON_MAX_ARRAY_VALUES", "1", 1, "9", 9, 20_000_000),
    ("max_nesting", "--max-nesting", "SELDON_MAX_NESTING", "1", 1, "250", 250, 128),
    (
        *("include_metrics", "--include-metrics", "INCLUDE_METRICS_IN_CLIENT_RESPONSE"),
        *(" True ", True, "yes", False, True),
    ),
    ("model_metadata", "--model-metadata", "MODEL_METADATA", "{}", "{}", "name: a", "name: a", ""),
    ("unit_id", "--unit-id", "PREDICTIVE_UNIT_ID", "a", "a", "b", "b", None),
    ("unit_image", "--unit-image", "PREDICTIVE_UNIT_IMAGE", "a:1", "a:1", "b:2", "b:2", None),
    ("deployment_id", "--deployment-id", "SELDON_DEPLOYMENT_ID", "a", "a", "b", "b", None),
    ("predictor_id", "--predictor-id", "PREDICTOR_ID", "a", "a", "b", "b", None),
    ("predictor_labels", "--predictor-labels", "PREDICTOR_LABELS", "{}", "{}", '{"a":1}', '{"a":1}', "{}"),
    (
        "persistence_interval_s",
        "--persistence-interval",
        "PERSISTENCE_INTERVAL_S",
        "1.5",
        1.5,
        "9",
        9.0,
        None,
    ),
    ("persistence_versions", "--persistence-versions", "PERSISTENCE_VERSIONS", "1", 1, "5", 5, 3),
    (
        "persistence_secret_key",
        "--persistence-secret-key",
        "PERSISTENCE_SECRET_KEY",
        "a",
        "a",
        "b",
        "b",
        None,
    ),
    (
        "persistence_at_start",
        "--persistence-at-start",
        "PERSISTENCE_AT_START",
        "wait",
        "wait",
        "FRESH",
        "fresh",
        "fail",
    ),
    ("persistence_wait_s", "--persistence-wait", "PERSISTENCE_WAIT_S", "0", 0.0, "5", 5.0, 60.0),
]


def variables_of(option: click.Option) -> list[str]:
    return [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())


VARIABLES = {variable: option for option in options() for variable in variables_of(option)}


@pytest.mark.parametrize(
    ("name", "flag", "variable", "word", "value", "set_to", "from_variable", "default"),
    SETTINGS,
    ids=[row[0] for row in SETTINGS],
)
def test_the_command_line_wins_over_the_environment_and_that_over_the_default(
    seldon_run: Run,
    name: str,
    flag: str,
    variable: str,
    word: str,
    value: object,
    set_to: str,
    from_variable: object,
    default: object,
) -> None:
    assert seldon_run("MyModel", "--check").settings["fake"][name] == default
    assert seldon_run("MyModel", "--check", flag, word).settings["fake"][name] == value
    assert seldon_run("--check", "MyModel", **{variable: set_to}).settings["fake"][name] == from_variable
    assert seldon_run(f"{flag}={word}", "MyModel", "--check").settings["fake"][name] == value


def test_every_option_of_the_core_is_tried_above() -> None:
    tried = {row[0] for row in SETTINGS} | {
        "access_log",
        "api_type",
        "extension",
        "error_details",
        "load_sequentially",
        "reload",
        "persistence_require_signature",
    }
    assert {option.name for option in options()} == tried


def test_a_switch_has_two_flags_and_a_variable(seldon_run: Run) -> None:
    def error_details(*words: str, **environment: str) -> bool:
        given: bool = seldon_run("MyModel", "--check", *words, **environment).settings["fake"][
            "error_details"
        ]
        return given

    assert error_details() is True
    assert error_details("--no-error-details") is False
    assert error_details(SELDON_ERROR_DETAILS="false") is False
    assert error_details("--error-details") is True


def test_the_access_log_has_the_reference_s_variable_too(seldon_run: Run) -> None:
    def access_log(*words: str, **environment: str) -> bool:
        given: bool = seldon_run("MyModel", "--check", *words, **environment).settings["fake"]["access_log"]
        return given

    assert access_log() is False
    assert access_log("--access-log") is True
    assert access_log(GUNICORN_ACCESS_LOG="1") is True
    assert access_log(SELDON_ACCESS_LOG="false") is False  # of the two the own one counts


@pytest.mark.parametrize("variable", sorted(VARIABLES.keys() - {"PREDICTIVE_UNIT_PARAMETERS"}))
def test_an_empty_variable_counts_as_unset(seldon_run: Run, variable: str) -> None:
    ended = seldon_run("MyModel", "fake", "--check", **{variable: ""})
    assert ended.status == 0
    option = VARIABLES[variable]
    assert ended.settings["fake"][str(option.name)] in (option.default, (), True, None)


@pytest.mark.parametrize("name", ["WORKERS", "THREADS", "MAX_REQUESTS", "MAX_REQUESTS_JITTER"])
def test_our_own_variable_wins_over_the_old_one(seldon_run: Run, name: str) -> None:
    ended = seldon_run("MyModel", "--check", **{f"SELDON_{name}": "3", f"GUNICORN_{name}": "5"})
    assert ended.settings["fake"][name.lower()] == 3


def test_empty_parameters_are_a_fault_of_whoever_set_them(seldon_run: Run) -> None:
    ended = seldon_run("MyModel", "--check", PREDICTIVE_UNIT_PARAMETERS="")
    assert ended.status == 2
    assert "PREDICTIVE_UNIT_PARAMETERS is empty, expected a JSON list such as []" in ended.err
    assert seldon_run("MyModel", "--check", "--parameters", "[]").status == 0
    assert seldon_run("MyModel", "--check", "--parameters", "").status == 3


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--service-port", "65536"], "65536 is not in the range 0<=x<=65535"),
        (["--grace", "-1"], "-1.0 is not in the range"),
        (["--grace", "inf"], "inf is not in the range"),
        (["--queue-size", "0"], "0 is not in the range x>=1"),
        (["--max-nesting", "251"], "251 is not in the range 1<=x<=250"),
        (["--service-type", "MODLE"], "'MODLE' is not one of"),
        (["--log-level", "LOUD"], "'LOUD' is not one of"),
        (["--host"], "Option '--host' requires an argument"),
    ],
)
def test_a_value_that_is_none_is_wrong_usage(seldon_run: Run, words: list[str], complaint: str) -> None:
    ended = seldon_run("MyModel", "--check", *words)
    assert ended.status == 2
    assert complaint in ended.err


@pytest.mark.parametrize(
    ("words", "environment", "transports"),
    [
        (["M", "GRPC"], {}, ("grpc",)),
        (["M", "rest,Grpc"], {}, ("rest", "grpc")),
        (["M", " rest , grpc,"], {}, ("rest", "grpc")),
        (["M"], {}, ("rest",)),
        (["M"], {"API_TYPE": "GRPC,REST"}, ("grpc", "rest")),
        (["M", "REST"], {"API_TYPE": "GRPC"}, ("rest",)),
        (["--api-type", "REST", "M"], {"API_TYPE": "GRPC"}, ("rest",)),
        (["--http-port", "0", "M", "GRPC"], {}, ("grpc",)),
        (["--http-port=0", "M", "GRPC", "--flag"], {}, ("grpc",)),
        (["M", "nonsense"], {}, ("rest",)),
        (["--api-type"], {}, ("rest",)),
        (["REST"], {}, ("rest",)),
        (["M", ","], {"API_TYPE": "GRPC"}, ("grpc",)),
    ],
)
def test_the_transports_are_guessed_before_their_options_are_known(
    publish: Publish, words: list[str], environment: dict[str, str], transports: tuple[str, ...]
) -> None:
    publish("acme", {"transport": "rest = acme\ngrpc = acme"})
    assert guess_selection(words, environment).transports == transports


def test_other_plugins_are_guessed_too(publish: Publish) -> None:
    publish("acme", {"transport": "rest = acme"})
    words = ["--persistence", "Redis", "--metrics=0", "--extension", "a,B", "--extension", "c"]
    assert guess_selection(words, {"METRICS": "x", "PERSISTENCE": "y"}) == Selection(
        persistence="redis", metrics="0", extensions=("a", "b", "c")
    )
    assert guess_selection([], {"SELDON_EXTENSIONS": "a, b", "PERSISTENCE": "1"}) == Selection(
        persistence="1", extensions=("a", "b")
    )


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
        (Selection(transports=()), "API_TYPE names no transport; name one, such as REST"),
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


def settings(**values: object) -> Settings:
    identity = dict.fromkeys(("unit_id", "unit_image", "deployment_id", "predictor_id"))
    return Settings({**identity, "predictor_labels": "{}", **values})


def test_the_identity_and_the_limits_come_from_the_settings() -> None:
    given = settings(
        unit_id="u", unit_image="i:1", deployment_id="d", predictor_id="p", predictor_labels='{"version": 2}'
    )
    assert identity_from(given) == Identity("u", "i:1", "d", "p", {"version": "2"})
    assert identity_from(settings()) == Identity()
    of_requests = {"max_body_bytes": 1, "max_array_values": 2, "max_nesting": 3}
    of_time = {"timeout_s": 4.0, "health_timeout_s": 5.0}
    assert limits_from(Settings({**of_requests, **of_time})) == Limits(1, 2, 3, 4.0, 5.0)
    assert limits_from(Settings({**of_requests, **of_time, "timeout_s": 0.0})).timeout_s is None


@pytest.mark.parametrize(
    ("labels", "message"),
    [("nope", "PREDICTOR_LABELS is no JSON: "), ("[]", "PREDICTOR_LABELS is no JSON object")],
)
def test_labels_that_are_no_object_stop_the_start(labels: str, message: str) -> None:
    with pytest.raises(StartupError, match=message):
        identity_from(settings(predictor_labels=labels))


def test_every_option_has_a_variable_and_help() -> None:
    for option in options():
        assert isinstance(option, click.Option)
        assert variables_of(option)
        assert option.help
