"""``seldon-run doctor``: it finds what is wrong, says where each value comes from, and keeps secrets."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.diagnostics import checks, component_check, transport_check, versions
from seldon_runtime.plugins import entry_points

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


def test_the_class_is_loaded_elsewhere(doctor: Run, write: Any) -> None:
    report = doctor("MyModel")
    assert "MyModel (MODEL) loads and defines predict" in texts(report, "note")
    assert "MyModel" not in sys.modules


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("raise RuntimeError('imported')", "module 'Bad' could not be imported: RuntimeError: imported"),
        ("class Good: pass", "has no class 'Bad'"),
        ("import sklearn_of_nowhere", "Install it with: pip install sklearn-of-nowhere"),
        ("class Bad:\n  def load(self): raise KeyError('w')", "Bad: Bad.load raised KeyError: 'w'"),
        ("class Bad:\n  def __init__(self, path): pass", "Bad needs the parameter 'path'"),
        ("import os; os._exit(3)", "the component ended the process with status 3 while it was loaded"),
        (
            "print('noise')\nimport ctypes; ctypes.string_at(0)",
            "the component ended the process by signal 11",
        ),
    ],
)
def test_a_class_that_does_not_load_is_an_error(doctor: Run, write: Any, source: str, fault: str) -> None:
    write("Bad.py", source)
    (error,) = texts(doctor("Bad"), "error")
    assert fault in error


def test_a_load_without_an_end_is_a_warning(doctor: Run, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component_check, "TIMEOUT_S", 3.0)
    write("Slow.py", "import threading\nthreading.Event().wait()\n")
    report = doctor("Slow")
    assert report["ok"]
    (warning,) = texts(report, "warning")
    assert warning.startswith(
        "the component did not finish within 3 s while it was loaded; seldon-run --check"
    )


def test_a_class_without_the_method_of_its_type_is_warned_of(doctor: Run) -> None:
    (warning,) = texts(doctor("MyModel", "--service-type", "ROUTER"), "warning")
    assert warning == "SERVICE_TYPE is ROUTER, but the class defines no route"


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
        (("MyModel", "REST"), "Install it with: pip install 'seldon-runtime[rest]'"),
        (("MyModel", "--persistence", "redis"), "Install it with: pip install 'seldon-runtime[redis]'"),
        (("MyModel", "--metrics", "prometheus"), "Install it with: pip install 'seldon-runtime[metrics]'"),
        (("MyModel", "fkae"), "Did you mean fake?"),
        (("MyModel", "fake,fake"), "API_TYPE names 'fake' twice"),
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
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
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


def test_a_variable_that_is_nearly_a_setting_is_told(doctor: Run) -> None:
    report = doctor("MyModel", SELDON_GRACE="5", SELDON_SVC_PORT_8000_TCP="x", FAKE_PROT="1")
    assert texts(report, "warning") == [
        "the variable FAKE_PROT is not a setting. Did you mean FAKE_PORT?",
        "the variable SELDON_GRACE is not a setting. Did you mean SELDON_GRACE_S?",
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
    assert "each has its own object" in notes


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_start_method_that_forks_is_told_of(
    doctor: Run, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(checks.multiprocessing, "get_start_method", lambda **_: method)
    notes = texts(doctor("MyModel"), "note")
    assert any("multiprocessing forks" in note for note in notes) is (method == "fork")


def test_metrics_that_nobody_asked_for_are_told_of(doctor: Run, publish: Publish) -> None:
    option = OPTION.format('["--metrics-port"], type=int, default=6000')
    publish("acme-metrics", {"metrics": "prometheus = acme_metrics"}, option)
    (note,) = [text for text in texts(doctor("MyModel"), "note") if "prometheus" in text]
    assert note == (
        "the metrics plugin prometheus is selected because it is installed and opens port 6000; "
        "METRICS=0 turns it off"
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
    assert error.endswith("both use port 50123")


def test_a_metrics_plugin_may_make_its_transport_in_other_hooks(doctor: Run, publish: Publish) -> None:
    source = """
        from seldon_runtime.plugin import Interceptor, Observer, hookimpl

        class Page(Observer, Interceptor):
            name, address = "page", "page:nowhere"
            def start(self): pass
            def stop_accepting(self): pass
            def stop(self, grace_s): pass

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


NOISY = """
    import os
    from pathlib import Path
    from seldon_runtime import hookimpl

    print("imported")
    os.write(1, b"imported")

    class Page:
        name, address = "page", "page:nowhere"
        def start(self): pass
        def stop_accepting(self): pass
        def stop(self, grace_s): pass

    @hookimpl
    def seldon_observer():
        Path("observer").touch()

    @hookimpl
    def seldon_interceptor():
        Path("interceptor").touch()

    @hookimpl
    def seldon_transport():
        {0}
        return Page()
"""


def test_it_creates_no_observer_and_prints_nothing_but_its_report(
    seldon_run: Run, publish: Publish, tmp_path: Path
) -> None:
    publish("acme-page", {"transport": "page = acme_page"}, NOISY.format("print('created')"))
    assert seldon_run("doctor", "--json", "MyModel", "page").status == 0
    assert not (tmp_path / "observer").exists()
    assert not (tmp_path / "interceptor").exists()
    out = subprocess.run(
        [sys.executable, "-m", "seldon_runtime", "doctor", "--json", "MyModel", "page"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    ).stdout
    assert "page" in json.dumps(json.loads(out)["plugins"])


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("import os; os._exit(7)", "ended the process with status 7 while it created its transport"),
        ("import time; time.sleep(100)", "did not finish within 3 s while it created its transport"),
        ("os.fork() or __import__('time').sleep(100); __import__('time').sleep(100)", "did not finish"),
    ],
)
def test_a_transport_that_crashes_or_hangs_is_named(
    doctor: Run, publish: Publish, monkeypatch: pytest.MonkeyPatch, body: str, fault: str
) -> None:
    monkeypatch.setattr(transport_check, "TIMEOUT_S", 3.0)
    publish("acme-page", {"transport": "page = acme_page"}, NOISY.format(body).replace("print(", "str("))
    (error,) = texts(doctor("MyModel", "page"), "error")
    assert error.startswith(f"transport plugin 'page' (acme-page 1.0, acme_page) {fault}")


def test_a_transport_that_may_need_its_observer_is_a_warning(doctor: Run, publish: Publish) -> None:
    publish(
        "acme-page", {"transport": "page = acme_page"}, NOISY.format("no_observer").replace("print(", "str(")
    )
    report = doctor("MyModel", "page")
    assert report["ok"]
    (warning,) = texts(report, "warning")
    assert "failed in seldon_transport: NameError: name 'no_observer' is not defined" in warning
    assert warning.endswith("The start may succeed: it creates observers first")


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
    assert error in ("not here", "a transport has no address: ValueError: no address")


def test_a_damaged_distribution_is_told(
    seldon_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "damaged" / "acme_damaged-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: acme-damaged\nVersion: 1.0\n")
    info.joinpath("entry_points.txt").write_text("[seldon_runtime.transport]\nno equals sign\n")
    monkeypatch.syspath_prepend(info.parent)
    found = list(checks.of_damage(entry_points.damaged()))
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
    assert [finding.text for finding in checks.of_requirements(["acme-needing"])] == [
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
