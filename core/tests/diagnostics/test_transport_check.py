"""The doctor creates each transport in another process, and reports one that fails, crashes or hangs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.diagnostics import transport_check

from .reports import texts

Run = Callable[..., Any]
Publish = Callable[..., Path]
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
