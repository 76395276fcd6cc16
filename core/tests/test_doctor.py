"""``seldon-run doctor``: it finds what is wrong, says where each value comes from, and keeps secrets."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime import hazards, published, versions

Run = Callable[..., Any]
Publish = Callable[..., Path]

OPTION = """
    import click
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_options():
        return [click.Option({0})]
"""


@pytest.fixture
def doctor(seldon_run: Run) -> Callable[..., Any]:
    """``doctor(*words, **environment)``: the report as JSON, whose ``ok`` fits the exit status."""

    def doctor(*words: str, **environment: str) -> Any:
        ended = seldon_run("doctor", "--json", *words, **environment)
        assert ended.err == ""
        report = json.loads(ended.out)
        assert ended.status == (0 if report["ok"] else 1)
        return report

    return doctor


def texts(report: Any, severity: str) -> list[str]:
    return [finding["text"] for finding in report["findings"] if finding["severity"] == severity]


def setting(report: Any, name: str) -> tuple[Any, str, str]:
    (found,) = [setting for setting in report["settings"] if setting["name"] == name]
    return found["value"], found["from"], found["of"]


def test_where_all_is_well_it_says_so_and_ends_with_0(seldon_run: Run, doctor: Run) -> None:
    report = doctor("MyModel")
    assert report["ok"]
    assert texts(report, "error") == texts(report, "warning") == []
    ended = seldon_run("doctor", "MyModel")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.rstrip().endswith("nothing is wrong")


def test_the_class_is_not_imported(doctor: Run, write: Any) -> None:
    write("Exploding.py", "raise RuntimeError('imported')")
    assert doctor("Exploding")["ok"]
    assert "Exploding" not in sys.modules


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
        "--persistence-secret-key is given on the command line, where others can see it: set its variable"
    ]


def test_wrong_values_are_all_told(doctor: Run) -> None:
    report = doctor("MyModel", "--grace", "soon", "--nothing", SELDON_WORKERS="many", SELDON_LOG_LEVEL="LOUD")
    errors = "\n".join(texts(report, "error"))
    assert "the command line is wrong: No such option" in errors
    assert "--grace is wrong: " in errors
    assert "--workers is wrong: " in errors
    assert "--log-level is wrong: " in errors
    assert setting(report, "workers")[:2] == ("many", "environment SELDON_WORKERS")


def test_plugins_are_told_with_their_state(doctor: Run, publish: Publish) -> None:
    publish("acme-bad", {"extension": "bad = acme_bad"}, "raise KeyError('k')")
    publish("other-mock", {"transport": "mock = other"}, "")
    report = doctor("MyModel")
    assert report["ok"]
    found = {plugin["distribution"]: plugin for plugin in report["plugins"]}
    assert {name: (p["state"], p["selected"]) for name, p in found.items()} == {
        "acme-bad": ("broken", False),
        "acme-fake": ("ok", True),
        "acme-mock": ("clash", False),
        "other-mock": ("clash", False),
    }
    assert found["acme-bad"]["fault"].startswith("extension plugin 'bad' (acme-bad 1.0, acme_bad) cannot be")
    assert "KeyError: 'k'" in found["acme-bad"]["traceback"]
    assert len(texts(report, "warning")) == 3
    report = doctor("MyModel", "mock", "--extension", "bad")
    assert not report["ok"]
    assert [text[:50] for text in texts(report, "error")] == [
        "API_TYPE names the transport plugin 'mock', which ",
        "extension plugin 'bad' (acme-bad 1.0, acme_bad) ca",
    ]


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        (("M", "REST"), "Install it with: pip install 'seldon-runtime[rest]'"),
        (("M", "--persistence", "redis"), "Install it with: pip install 'seldon-runtime[redis]'"),
        (("M", "--metrics", "prometheus"), "Install it with: pip install 'seldon-runtime[metrics]'"),
        (("M", "fkae"), "Did you mean fake?"),
        (("M", "fake,fake"), "API_TYPE names 'fake' twice"),
    ],
)
def test_what_is_missing_is_told_with_the_line_that_installs_it(
    doctor: Run, words: tuple[str, ...], ending: str
) -> None:
    (error,) = texts(doctor(*words), "error")
    assert error.endswith(ending)


def test_persistence_without_its_plugin_is_a_warning_for_the_bare_switch(doctor: Run) -> None:
    report = doctor("MyModel", PERSISTENCE="1")
    assert report["ok"]
    (warning,) = texts(report, "warning")
    assert "pip install 'seldon-runtime[redis]'" in warning


def test_a_library_for_a_setting_that_is_not_there_is_told(
    doctor: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hazards, "find_spec", lambda name: None)
    report = doctor("MyModel", "--reload", MODEL_METADATA="name: a")
    assert [re.search(r"pip install '.*?'", text)[0] for text in texts(report, "error")] == [  # type: ignore[index]
        "pip install 'seldon-runtime[reload]'",
        "pip install 'seldon-runtime[yaml]'",
    ]


def test_an_option_that_has_to_be_given_is_told_and_keeps_nobody_from_looking(
    seldon_run: Run, doctor: Run, publish: Publish
) -> None:
    option = OPTION.format('["--a-name"], envvar="A_NAME", required=True')
    publish("acme-a", {"extension": "a = acme_a"}, option)
    report = doctor("MyModel", "--extension", "a", "--grace", "soon")
    wrong, missing = texts(report, "error")
    assert wrong.startswith("--grace is wrong")
    assert missing == "--a-name is not given, and has no default"
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
        "extension plugin 'a' (acme-a 1.0, acme_a) has an option --host, which the core has too"
    ]


def test_a_variable_that_is_nearly_a_setting_is_told(doctor: Run) -> None:
    report = doctor("MyModel", SELDON_GRACE="5", SELDON_SVC_PORT_8000_TCP="x", FAKE_PROT="1")
    assert texts(report, "warning") == [
        "the variable FAKE_PROT is no setting. Did you mean FAKE_PORT?",
        "the variable SELDON_GRACE is no setting. Did you mean SELDON_GRACE_S?",
    ]


STORE = """
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_state_store():
        return None
"""
STATE = "acme-state", {"persistence": "keep = acme_state"}, STORE


@pytest.mark.parametrize(
    ("option", "what"), [("--workers", "worker processes"), ("--threads", "component threads")]
)
def test_state_with_several_workers_or_threads_is_an_error(
    doctor: Run, publish: Publish, option: str, what: str
) -> None:
    publish(*STATE)
    report = doctor("MyModel", "--persistence", "keep", option, "2")
    assert texts(report, "error") == [
        f"persistence with 2 {what} is not possible: each would learn for itself, and their states cannot be "
        f"merged. Set {option} 1, or PERSISTENCE=0"
    ]


@pytest.mark.parametrize(("required", "severity"), [("0", "warning"), ("1", "error")])
def test_state_without_a_secret_is_told(doctor: Run, publish: Publish, required: str, severity: str) -> None:
    publish(*STATE)
    report = doctor("MyModel", PERSISTENCE="keep", PERSISTENCE_REQUIRE_SIGNATURE=required)
    (text,) = texts(report, severity)
    assert text.startswith("PERSISTENCE_SECRET_KEY is not set")


def test_processes_and_threads_are_told_of(doctor: Run) -> None:
    report = doctor("MyModel", "--workers", "900", "--threads", "4")
    assert [text[:30] for text in texts(report, "warning")] == ["4 threads call the component o"]
    notes = "\n".join(texts(report, "note"))
    assert re.search(r"900 workers share \d+ processors", notes)
    assert "each has an object of its own" in notes


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_start_method_that_forks_is_told_of(
    doctor: Run, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(hazards.multiprocessing, "get_start_method", lambda **_: method)
    notes = texts(doctor("MyModel"), "note")
    assert any("multiprocessing forks" in note for note in notes) is (method == "fork")


def test_metrics_that_nobody_asked_for_are_told_of(doctor: Run, publish: Publish) -> None:
    option = OPTION.format('["--metrics-port"], type=int, default=6000')
    publish("acme-metrics", {"metrics": "prometheus = acme_metrics"}, option)
    (note,) = [text for text in texts(doctor("MyModel"), "note") if "prometheus" in text]
    assert note == (
        "the metrics plugin prometheus is chosen because it is installed and opens port 6000; METRICS=0: none"
    )
    assert not [text for text in texts(doctor("M", METRICS="prometheus"), "note") if "prometheus" in text]


def test_a_port_in_use_is_an_error(doctor: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        report = doctor("MyModel", "--host", "127.0.0.1", "--fake-port", str(port))
        (error,) = texts(report, "error")
        assert error.startswith(
            "transport plugin 'fake' (acme-fake 1.0, acme_fake): cannot listen on 127.0.0.1:"
        )
        assert doctor("MyModel", "--host", "127.0.0.1", "--fake-port", "0")["ok"]


def test_two_transports_at_one_port_are_an_error(doctor: Run) -> None:
    report = doctor("MyModel", "fake,mock", "--fake-port", "50123", "--mock-port", "50123")
    (error,) = texts(report, "error")
    assert error.endswith("are both to listen on port 50123")


def test_a_transport_may_be_made_of_what_the_plugins_other_hooks_made(doctor: Run, publish: Publish) -> None:
    source = """
        from seldon_runtime import hookimpl

        class Page:
            name, address = "page", "page:nowhere"
            def start(self): pass
            def stop_accepting(self): pass
            def stop(self, grace_s): pass
            def call_finished(self, record): pass
            def life_changed(self, state): pass
            def intercept(self, call, proceed): return proceed(call)

        class Plugin:
            @hookimpl
            def seldon_observer(self):
                self.observer = Page()
                return self.observer

            @hookimpl
            def seldon_interceptor(self):
                self.interceptor = self.observer
                return self.interceptor

            @hookimpl
            def seldon_transport(self):
                return self.interceptor
    """
    publish("acme-page", {"metrics": "page = acme_page:Plugin"}, source)
    assert doctor("MyModel", METRICS="page")["ok"]


@pytest.mark.parametrize("body", ["raise StartupError('not here')", "return Silent()"])
def test_a_transport_that_cannot_be_made_is_an_error(doctor: Run, publish: Publish, body: str) -> None:
    source = f"""
        from seldon_runtime import hookimpl
        from seldon_runtime.errors import StartupError

        class Silent:
            name = "silent"
            def start(self): pass
            def stop_accepting(self): pass
            def stop(self, grace_s): pass

            @property
            def address(self):
                raise ValueError("no address")

        @hookimpl
        def seldon_transport():
            {body}
    """
    publish("acme-silent", {"transport": "silent = acme_silent"}, source)
    (error,) = texts(doctor("MyModel", "silent"), "error")
    assert error in ("not here", "a transport cannot tell its address: ValueError: no address")


def test_a_damaged_distribution_is_told(
    seldon_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "damaged" / "acme_damaged-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: acme-damaged\nVersion: 1.0\n")
    info.joinpath("entry_points.txt").write_text("[seldon_runtime.transport]\nno equals sign\n")
    monkeypatch.syspath_prepend(info.parent)
    found = list(hazards.of_damage(published.damaged()))
    assert [(finding.severity, finding.text[:47]) for finding in found] == [
        ("warning", "the entry points of acme-damaged cannot be read")
    ]


@pytest.fixture
def needing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "needing" / "acme_needing-1.0.dist-info"
    info.mkdir(parents=True)
    needs = [
        "not-there-at-all>=2",
        "click>=8",
        "numpy<1",
        'other; extra == "more"',
        'third; sys_platform == "none"',
    ]
    lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-needing\nVersion: 1.0\n{lines}")
    monkeypatch.syspath_prepend(info.parent)


@pytest.mark.usefixtures("needing")
def test_what_a_distribution_needs_and_is_not_there_is_told() -> None:
    found = versions.versions(["acme-needing"])
    assert found["not-there-at-all"] == ""
    assert found["numpy"] == versions.version("numpy")
    assert {"other", "third"} & found.keys() == set()
    assert [finding.text for finding in hazards.of_requirements(["acme-needing"])] == [
        "acme-needing needs not-there-at-all>=2, which is not installed. "
        "Install it with: pip install --upgrade acme-needing",
        f"acme-needing needs numpy<1, but {versions.version('numpy')} is installed. "
        "Install it with: pip install --upgrade acme-needing",
    ]


@pytest.mark.usefixtures("needing")
def test_without_packaging_only_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    monkeypatch.setitem(sys.modules, "packaging.markers", None)
    assert versions.unmet("acme-needing") == ["not-there-at-all>=2, which is not installed"]


def test_python_and_versions_are_told(doctor: Run) -> None:
    report = doctor("MyModel")
    assert report["python"].startswith(versions.platform.python_implementation())
    assert report["versions"]["click"] == versions.version("click")
    assert report["versions"]["seldon-runtime"]


def test_help_tells_what_words_are(seldon_run: Run) -> None:
    ended = seldon_run("doctor", "--help")
    assert ended.status == 0
    assert "seldon-run doctor [OPTIONS] [WORDS]..." in ended.out
