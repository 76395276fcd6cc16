"""Settings come from the command line, else from the environment, else from their default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from seldon_runtime.settings.options import options

Run = Callable[..., Any]
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
    ("devices", "--devices", "SELDON_DEVICES", "0,1", ("0", "1"), "2", ("2",), ()),
    ("concurrency", "--concurrency", "SELDON_CONCURRENCY", "2", 2, "3", 3, 100),
    ("threads", "--threads", "GUNICORN_THREADS", "2", 2, "3", 3, 1),
    (
        *("component_thread", "--component-thread", "SELDON_COMPONENT_THREAD"),
        *("MAIN", "main", "own", "own", "own"),
    ),
    ("max_requests", "--max-requests", "GUNICORN_MAX_REQUESTS", "7", 7, "8", 8, 0),
    (
        *("max_requests_jitter", "--max-requests-jitter", "GUNICORN_MAX_REQUESTS_JITTER"),
        *("7", 7, "8", 8, 0),
    ),
    ("drain_delay_s", "--drain-delay", "SELDON_DRAIN_DELAY_S", "0.5", 0.5, "2", 2.0, 0.0),
    ("heartbeat_timeout_s", "--heartbeat-timeout", "SELDON_HEARTBEAT_TIMEOUT_S", "0", 0.0, "2", 2.0, 10.0),
    ("hang_timeout_s", "--hang-timeout", "SELDON_HANG_TIMEOUT_S", "0.5", 0.5, "2", 2.0, 0.0),
    ("grace_s", "--grace", "SELDON_GRACE_S", "0", 0.0, "1.5", 1.5, 20.0),
    ("timeout_s", "--timeout", "SELDON_TIMEOUT_S", "0.5", 0.5, "7", 7.0, 0.0),
    ("health_timeout_s", "--health-timeout", "SELDON_HEALTH_TIMEOUT_S", "0.5", 0.5, "7", 7.0, 5.0),
    (
        *("stream_idle_timeout_s", "--stream-idle-timeout", "SELDON_STREAM_IDLE_TIMEOUT_S"),
        *("0.5", 0.5, "2", 2.0, 0.0),
    ),
    ("max_body_bytes", "--max-body-bytes", "SELDON_MAX_BODY_BYTES", "1", 1, "9", 9, 64 * 1024 * 1024),
    (
        *("max_request_memory", "--max-request-memory", "SELDON_MAX_REQUEST_MEMORY"),
        *("1", 1, "9", 9, None),
    ),
    ("memory_budget", "--memory-budget", "SELDON_MEMORY_BUDGET", "1", 1, "9", 9, None),
    ("max_array_values", "--max-array-values", "SELDON_MAX_ARRAY_VALUES", "1", 1, "9", 9, 20_000_000),
    ("max_nesting", "--max-nesting", "SELDON_MAX_NESTING", "1", 1, "250", 250, 128),
    ("arrays", "--arrays", "SELDON_ARRAYS", "FAITHFUL", "faithful", "v1", "v1", "v1"),
    ("type_hints", "--type-hints", "SELDON_TYPE_HINTS", "IGNORE", "ignore", "Convert", "convert", "convert"),
    ("non_finite", "--non-finite", "SELDON_NON_FINITE", "STRING", "string", "Error", "error", "null"),
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
        "check_inputs",
        "docs",
        "tls_warning_days",
        "extension",
        "error_details",
        "load_sequentially",
        "strict_methods",
        "reload",
        "persistence_require_signature",
        "protocols",
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


def test_the_check_of_inputs_is_off_until_a_flag_or_the_variable_asks_for_it(seldon_run: Run) -> None:
    assert seldon_run("MyModel", "--check").settings["fake"]["check_inputs"] is False
    assert seldon_run("MyModel", "--check", "--check-inputs").settings["fake"]["check_inputs"] is True
    asked = seldon_run("MyModel", "--check", SELDON_CHECK_INPUTS="1")
    assert asked.settings["fake"]["check_inputs"] is True


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


def test_empty_parameters_are_none(seldon_run: Run) -> None:
    for words, variables in ((), {"PREDICTIVE_UNIT_PARAMETERS": ""}), (("--parameters", ""), {}):
        assert seldon_run("MyModel", "--check", *words, **variables).status == 0


@pytest.mark.parametrize("level", ["WARN", "fatal", "NotSet"])
def test_every_level_of_the_logging_module_has_its_name(seldon_run: Run, level: str) -> None:
    assert seldon_run("MyModel", "--check", SELDON_LOG_LEVEL=level).status == 0
    assert seldon_run("MyModel", "--check", "--log-level", level).status == 0


@pytest.mark.parametrize("name", ["WORKERS", "THREADS"])
def test_no_workers_and_no_threads_are_one(seldon_run: Run, name: str) -> None:
    for variable in (f"SELDON_{name}", f"GUNICORN_{name}"):
        ended = seldon_run("MyModel", "--check", **{variable: "0"})
        assert ended.settings["fake"][name.lower()] == 1


@pytest.mark.parametrize("text", ["none", "2", "-", "enabled"])
def test_a_switch_of_the_protocol_with_another_text_is_off_and_says_so(
    seldon_run: Run, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    ended = seldon_run("MyModel", "--check", GUNICORN_ACCESS_LOG=text)
    assert (ended.status, ended.settings["fake"]["access_log"]) == (0, False)
    assert f"GUNICORN_ACCESS_LOG is {text!r}, expected true or false: it counts as false" in caplog.text


def test_a_switch_of_our_own_with_another_text_is_refused(seldon_run: Run) -> None:
    assert seldon_run("MyModel", "--check", SELDON_ACCESS_LOG="none", GUNICORN_ACCESS_LOG="1").status == 2


@pytest.mark.parametrize("text", ["enabled", "ture"])
def test_a_misspelt_demand_for_signatures_is_refused(seldon_run: Run, text: str) -> None:
    ended = seldon_run("MyModel", "--check", PERSISTENCE_REQUIRE_SIGNATURE=text)
    assert ended.status == 2
    assert "PERSISTENCE_REQUIRE_SIGNATURE" in ended.err
    assert repr(text) in ended.err


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


def test_every_option_has_a_variable_and_help() -> None:
    for option in options():
        assert isinstance(option, click.Option)
        assert variables_of(option)
        assert option.help
