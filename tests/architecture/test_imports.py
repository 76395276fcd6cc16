"""Only what was chosen is imported (property 1), also in environments made from the wheels."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.paths import ROOT

CORE_MAY_IMPORT = {"seldon_runtime", "numpy", "pluggy", "stevedore", "click", "msgspec"}
MSGSPEC_MAY_IMPORT = {"typing_extensions"}
"""Libraries that msgspec uses where they are installed."""
NOT_FOR_A_START = {
    *("diagnostics.doctor", "diagnostics.checks", "diagnostics.plugin_report"),
    *("diagnostics.plugin_check", "diagnostics.effective_settings", "cli.state", "cli.state_actions"),
    *(
        "diagnostics.examination",
        "diagnostics.isolation",
        "diagnostics.transport_check",
        "diagnostics.tables",
    ),
    *("component.metadata_schema", "component.parameter_schema"),
    *("persistence.lifecycle", "persistence.saver", "persistence.envelope", "persistence.pickling"),
    *("builtin.file_store", "supervision.supervisor", "supervision.worker_pool"),
    *("supervision.restart_policy", "supervision.worker_process"),
    *("supervision.run_directory", "supervision.file_watcher"),
}
"""Modules of the core for what a plain start does not do: each costs it time."""
LARGE = {"difflib", "urllib.request", "http.client", "asgi_cors"}
"""Modules that a plain start does without, though they were once imported for one function."""
NOT_FOR_REST = {"grpc", "google", "redis", "prometheus_client"}
SPY = """
    import json, sys

    class Spy:
        def predict(self, X, features_names):
            top_level = sorted({name.partition(".")[0] for name in sys.modules})
            return {"modules": top_level, "all": list(sys.modules)}
"""


def imported_by(code: str) -> set[str]:
    """Top-level modules outside the standard library that are there after ``code`` but not before."""
    program = (
        "import sys; before = set(sys.modules)\n"
        f"{code}\n"
        "import json; print(json.dumps(sorted({n.partition('.')[0] for n in set(sys.modules) - before})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout)) - sys.stdlib_module_names


def test_the_core_imports_only_what_it_names() -> None:
    modules = [
        "seldon_runtime." + ".".join(path.relative_to(ROOT / "core/src/seldon_runtime").with_suffix("").parts)
        for path in sorted((ROOT / "core/src/seldon_runtime").rglob("*.py"))
        if path.stem != "__init__" and "testing" not in path.parts  # the test kit needs pytest
    ]
    found = imported_by("\n".join(f"import {module}" for module in modules))
    private = {name for name in found if name.startswith("_")}  # extension modules of those named
    assert found - private - CORE_MAY_IMPORT - MSGSPEC_MAY_IMPORT - {"cython_runtime"} == set()  # of NumPy 1


def test_what_a_user_class_needs_brings_no_machinery() -> None:
    assert imported_by("from seldon_runtime import Response, SeldonError") == {"seldon_runtime"}


def test_rest_imports_no_other_plugin_and_flask_only_when_needed(seldon_run: Callable) -> None:
    server = seldon_run("Spy", "REST", source=SPY, env={"SELDON_PROTOCOLS": "v1"})
    modules = set(server.post("/predict", {"strData": ""}).json["jsonData"]["modules"])
    others = {path.name for path in ROOT.glob("plugins/*/src/*") if path.name != "seldon_runtime_rest"}
    assert modules & (others | NOT_FOR_REST) == set()
    assert "seldon_runtime_rest" in modules
    assert "flask" not in modules
    assert server.get("/docs/").status == 200
    assert "flask" in server.post("/predict", {"strData": ""}).json["jsonData"]["modules"]


def test_a_plain_start_imports_nothing_for_what_it_does_not_do(seldon_run: Callable) -> None:
    server = seldon_run("Spy", "REST", source=SPY)
    modules = set(server.post("/predict", {"strData": ""}).json["jsonData"]["all"])
    assert modules & {f"seldon_runtime.{name}" for name in NOT_FOR_A_START} == set()
    assert modules & LARGE == set()


def test_an_installed_plugin_that_is_not_chosen_is_not_imported(
    seldon_run: Callable, install: Callable[..., Path]
) -> None:
    site = install(
        "acme-broken",
        {
            "seldon_runtime.transport": {"broken": "acme_broken"},
            "seldon_runtime.extension": {"broken": "acme_broken"},
        },
        {"acme_broken": "raise RuntimeError('imported though not chosen')"},
    )
    server = seldon_run("Spy", "REST", source=SPY, env={"PYTHONPATH": str(site)})
    modules = server.post("/predict", {"strData": ""}).json["jsonData"]["modules"]
    assert "acme_broken" not in modules
    chosen = seldon_run("Spy", "BROKEN", source=SPY, env={"PYTHONPATH": str(site)}, wait=False)
    assert chosen.wait() == 3
    assert "transport plugin 'broken' (acme-broken 1.0, acme_broken) cannot be imported" in chosen.log


@pytest.mark.timeout(300)
def test_the_core_alone_says_which_plugin_to_install_and_with_it_serves(
    seldon_run: Callable, fresh_install: Callable[..., Path]
) -> None:
    """In a fresh environment, so what a distribution needs but does not name is missing."""
    program = fresh_install("core") / "seldon-run"
    alone = seldon_run("Spy", "REST", source=SPY, program=program, env={"PYTHONPATH": ""}, wait=False)
    assert alone.wait() == 3
    assert "pip install 'seldon-runtime[rest]'" in alone.log
    assert "Traceback" not in alone.log
    fresh_install("plugins/rest")
    server = seldon_run("Spy", "REST", program=program, env={"PYTHONPATH": ""})
    for path in ("/metadata", "/seldon.json", "/docs/", "/docs/assets/swagger-ui.css"):
        assert server.get(path).status == 200
    modules = set(server.post("/predict", {"strData": ""}).json["jsonData"]["modules"])
    assert modules & NOT_FOR_REST == set()
