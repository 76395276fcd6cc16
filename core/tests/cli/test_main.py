"""``seldon-run``: what is selected, what is said, and how it ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime import __version__
from seldon_runtime.cli import main
from seldon_runtime.inference.method import Method

Run = Callable[..., Any]
Publish = Callable[..., Path]


def test_the_class_and_the_transports_are_positional(seldon_run: Run) -> None:
    ended = seldon_run("MyModel", "MOCK,Fake", "--check", "--service-type", "router")
    assert ended.status == 0
    assert ended.out == (
        "MyModel (ROUTER) loads and defines predict\n"
        "mock would be served at mock://0.0.0.0:5000\n"
        "fake would be served at fake://0.0.0.0:5001\n"
    )
    assert ended.settings["mock"].transports == ("mock", "fake")


def test_everything_may_come_from_the_environment(seldon_run: Run) -> None:
    ended = seldon_run(
        "--check",
        MODEL_NAME="MyModel",
        API_TYPE="mock",
        MOCK_PORT="7",
        PREDICTIVE_UNIT_PARAMETERS='[{"name": "n", "value": "1", "type": "INT"}]',
    )
    assert ended.out.endswith("mock would be served at mock://0.0.0.0:7\n")
    service, _ = sys.modules["acme_mock"].seen[-1]
    assert service.user.parameters == {"n": 1}
    assert "acme_fake" not in sys.modules


@pytest.mark.parametrize(
    "words", [("MyModel", "MOCK"), ("--api-type", "MOCK", "MyModel"), ("MyModel", "--api-type=mock")]
)
def test_the_command_line_wins_over_the_variable(seldon_run: Run, words: tuple[str, ...]) -> None:
    ended = seldon_run(*words, "--check", API_TYPE="fake")
    assert (ended.status, sorted(ended.settings)) == (0, ["mock"])


@pytest.mark.parametrize(
    "words",
    [
        ("--mock-port", "7", "MyModel", "MOCK"),
        ("--mock-port=7", "MyModel", "mock"),
        ("MyModel", "MOCK", "--mock-port", "7"),
        ("MyModel", "--mock-port", "7", "MOCK"),
        ("--mock-port", "7", "--api-type", "mock", "MyModel"),
    ],
)
def test_options_of_a_plugin_may_stand_anywhere(seldon_run: Run, words: tuple[str, ...]) -> None:
    ended = seldon_run("--check", *words)
    assert ended.out.endswith("mock would be served at mock://0.0.0.0:7\n")
    assert "acme_fake" not in sys.modules


def test_options_of_plugins_that_are_not_selected_are_unknown(seldon_run: Run) -> None:
    ended = seldon_run("--mock-port", "7", "MyModel", "FAKE")
    assert ended.status == 2
    assert "No such option" in ended.err
    assert "--mock-port" in ended.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--check",), "MODEL_NAME is missing: name a class as the first argument, or set the variable"),
        (("MyModel", "--colour", "red"), "--colour"),
        (
            ("MyModel", "fake", "mock", "--check"),
            "behind MODEL_NAME and API_TYPE. Write several transports as one word: fake,mock",
        ),
        (
            ("MyModel", "fake", "--api-type", "mock"),
            "--api-type is mock, but API_TYPE is fake. Name all transports in one of them: mock,fake",
        ),
        (("MyModel", "-p", "80"), "No such option '-p'. Write MODEL_NAME"),
        (("MyModel", "fake", "third"), "unexpected word 'third' behind MODEL_NAME and API_TYPE."),
        (("MyModel", "fake", "--workers", "many"), "'many' is not a whole number."),
        (("MyModel", "fake", "--timeout", "long"), "'long' is not a number."),
    ],
)
def test_wrong_usage_ends_with_2(seldon_run: Run, words: tuple[str, ...], complaint: str) -> None:
    ended = seldon_run(*words)
    assert ended.status == 2
    assert "Usage: seldon-run MODEL_NAME [API_TYPE] [OPTIONS]" in ended.err
    assert complaint in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("Missing",), "seldon-run: there is no module 'Missing'"),
        (("MyModel", "--parameters", "nope"), "seldon-run: PREDICTIVE_UNIT_PARAMETERS is not valid JSON"),
        (
            ("MyModel", "--api-type", "fkae"),
            "which is not installed; installed: fake, mock. Did you mean fake?",
        ),
        (("MyModel", "--api-type", ","), "seldon-run: API_TYPE is empty, expected a transport such as REST"),
        (
            ("MyModel", "--persistence", "disk"),
            "PERSISTENCE names the persistence plugin 'disk', which is not",
        ),
        (
            ("MyModel", "--predictor-labels", "[]"),
            "seldon-run: PREDICTOR_LABELS is [], expected a JSON object",
        ),
        (("MyModel", "--model-metadata", "[1]"), "seldon-run: MODEL_METADATA is [1], expected a mapping"),
    ],
)
def test_a_start_that_fails_ends_with_3_and_one_message(
    seldon_run: Run, words: tuple[str, ...], complaint: str
) -> None:
    ended = seldon_run("--check", *words)
    assert ended.status == 3
    assert complaint in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_the_traceback_shows_user_code_only(seldon_run: Run, tmp_path: Path) -> None:
    (tmp_path / "Broken.py").write_text("class Broken:\n    def __init__(self):\n        1 / 0\n")
    ended = seldon_run("--check", "Broken")
    assert ended.status == 3
    assert ended.err.endswith(
        "seldon-run: the constructor of Broken failed: ZeroDivisionError: division by zero\n"
    )
    files = [line.split('"')[1] for line in ended.err.splitlines() if line.startswith("  File ")]
    assert files == [str(tmp_path / "Broken.py")]


def test_persistence_may_stand_without_a_value(seldon_run: Run, caplog: pytest.LogCaptureFixture) -> None:
    ended = seldon_run("MyModel", "fake", "--check", "--persistence")
    assert ended.status == 0
    assert ended.settings["fake"]["persistence"] == "1"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.message.startswith(
        "PERSISTENCE=1 asks for state in Redis, but no plugin for it is installed"
    )


def test_the_packaging_guides_line_works(seldon_run: Run) -> None:
    ended = seldon_run("MyModel", "FAKE", "--service-type", "MODEL", "--persistence", "0", "--check")
    assert ended.status == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--bare", "MyModel", "mock"), "No such option"),
        (("--mock-flag", "MyModel", "MOCK"), "MODEL_NAME and API_TYPE are not clear"),
        (("MyModel", "--mock-flag", "MOCK"), "No such option"),
    ],
)
def test_words_that_can_be_read_in_two_ways_are_wrong_usage_with_the_remedy(
    seldon_run: Run, publish: Publish, words: tuple[str, ...], complaint: str
) -> None:
    flag = """
        import click
        from seldon_runtime import hookimpl

        @hookimpl
        def seldon_options():
            return [click.Option(["--mock-flag"], is_flag=True)]
    """
    publish("acme-flag", {"metrics": "flag = acme_flag"}, flag)
    ended = seldon_run(*words, METRICS="flag" if "clear" in complaint else "0")
    assert ended.status == 2
    text = " ".join(ended.err.split())
    assert complaint in text
    assert "Write MODEL_NAME and API_TYPE first." in text
    assert seldon_run("MyModel", "MOCK", "--mock-flag", "--check", METRICS="flag").status == 0


def test_a_mistyped_command_is_told(seldon_run: Run) -> None:
    ended = seldon_run("docter")
    assert ended.status == 3
    assert "there is no module 'docter'" in ended.err
    assert ended.err.endswith("'docter' is not a command either. Did you mean seldon-run doctor?\n")
    assert "not a command" not in seldon_run("Missing").err


def test_transports_before_the_class_are_told(seldon_run: Run) -> None:
    ended = seldon_run("FAKE", "MyModel")
    assert ended.status == 3
    assert ended.err.endswith("'FAKE' names a transport. The class stands first: seldon-run MyModel FAKE\n")
    assert "stands first" not in seldon_run("MyModel", "FKAE").err


def test_the_version_needs_no_plugin(seldon_run: Run) -> None:
    for environment in ({}, {"API_TYPE": "missing"}):
        ended = seldon_run("--version", **environment)
        assert (ended.status, ended.out, ended.err) == (0, f"seldon-run {__version__}\n", "")


@pytest.mark.parametrize("word", ["--help", "--plugins", "plugins"])
def test_questions_are_answered_though_a_selected_plugin_is_missing(seldon_run: Run, word: str) -> None:
    ended = seldon_run(word, API_TYPE="missing")
    assert ended.status == 0
    assert "--service-type" in ended.out or "acme-fake" in ended.out
    assert ended.err.startswith(
        "seldon-run: API_TYPE names the transport plugin 'missing', which is not install"
    )


@pytest.mark.parametrize("word", ["--plugins", "plugins"])
def test_the_table_tells_of_every_plugin_whether_and_why_it_is_selected(
    seldon_run: Run, publish: Publish, word: str
) -> None:
    observes = "from seldon_runtime import hookimpl\n@hookimpl\ndef seldon_observer(): return None\n"
    publish("acme-metrics", {"metrics": "prometheus = acme_metrics"}, observes, version="2.1")
    publish("other-mock", {"transport": "mock = other"})
    publish("acme-bad", {"extension": "bad = acme_bad"}, "raise KeyError('k')")
    ended = seldon_run(word)
    assert (ended.status, ended.err) == (0, "")
    *lines, empty, fault = ended.out.splitlines()
    clash = "CLASH: another distribution has the same name"
    assert [line.split(maxsplit=6) for line in lines] == [
        ["KIND", "NAME", "DISTRIBUTION", "VERSION", "SELECTED", "STATE", "WHY"],
        ["transport", "fake", "acme-fake", "1.0", "yes", "ok", "API_TYPE names it"],
        ["transport", "mock", "acme-mock", "1.0", "no", "clash", clash],
        ["transport", "mock", "other-mock", "1.0", "no", "clash", clash],
        ["metrics", "prometheus", "acme-metrics", "2.1", "yes", "ok", "default of METRICS"],
        ["extension", "bad", "acme-bad", "1.0", "no", "broken", "SELDON_EXTENSIONS does not name it"],
    ]
    assert empty == ""
    assert fault.startswith(
        "extension plugin 'bad' (acme-bad 1.0, acme_bad) cannot be imported: KeyError: 'k'"
    )
    unselected = seldon_run(word, METRICS="0").out.splitlines()[-4]
    assert unselected.split(maxsplit=5)[5] == "ok      METRICS does not name it"


def test_an_unselected_broken_plugin_harms_nothing(seldon_run: Run, publish: Publish) -> None:
    publish("acme-bad", {"transport": "bad = acme_bad", "extension": "bad = acme_bad"}, "raise SystemExit(9)")
    assert seldon_run("MyModel", "--check").status == 0
    assert seldon_run("MyModel", "bad", "--check").status == 3


def test_the_console_script_ends_with_the_status(seldon_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    leaving: list[tuple[int, float]] = []
    monkeypatch.setattr(sys, "argv", ["seldon-run", "MyModel", "--check", "--grace", "2"])
    monkeypatch.setattr(main, "leave_soon", lambda *given: leaving.append(given))  # it would end the tests
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 0
    assert leaving == [(0, 2.0)]


def test_without_a_method_the_check_says_so(seldon_run: Run, tmp_path: Path) -> None:
    (tmp_path / "Empty.py").write_text("class Empty: pass\n")
    assert seldon_run("Empty", "--check").out.startswith("Empty (MODEL) loads and defines no method\n")
    assert Method.PREDICT.value not in seldon_run("Empty", "--check").out


@pytest.mark.parametrize("variable", ["PREDICTIVE_UNIT_ID", "SELDON_DEPLOYMENT_ID", "SELDON_HOST"])
def test_a_setting_that_is_not_utf_8_stops_the_start(seldon_run: Run, variable: str) -> None:
    done = seldon_run("MyModel", "--check", **{variable: "d\udce9"})
    assert done.status == 2
    assert "is not valid UTF-8 text" in done.out + done.err


def test_other_variables_need_not_be_utf_8(seldon_run: Run) -> None:
    assert seldon_run("MyModel", "--check", METRICS="0", JUNK="d\udce9").status == 0
