"""Calls in process, and distributions with plugins, for several test modules of the core.

Modules without a test module of their name, and the tests that hold them:
    __main__: tests/lifecycle/test_supervisor.py
    hookspecs: core/tests/plugins/test_manager.py, tests/docs/test_plugin_docs.py
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import click
import hypothesis
import pytest

from seldon_runtime.cli.main import run
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.entry_points import entry_points
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.options import arguments, options
from seldon_runtime.settings.values import Settings
from seldon_runtime.testing import WAIT_S
from seldon_runtime.testing.served import run_call

hypothesis.settings.register_profile(
    "unhurried", deadline=None, max_examples=50
)  # a busy machine is no failure
hypothesis.settings.load_profile("unhurried")

Ask = Callable[..., Any]
Publish = Callable[..., Path]
Serve = Callable[..., ComponentService]
Write = Callable[[str, str], Path]
Run = Callable[..., "Ended"]


FAKE_TRANSPORT = """
    import click
    from seldon_runtime import hookimpl

    seen = []

    class Transport:
        name = "{0}"

        def __init__(self, settings):
            self.address = f"{0}://{{settings['host']}}:{{settings.port_for('{0}', settings['{0}_port'])}}"

        def start(self):
            pass

        stop_accepting = start

        def stop(self, grace_s):
            pass

    @hookimpl
    def seldon_options():
        return [click.Option(["--{0}-port"], envvar="{0}_PORT".upper(), type=int, help="Port of {0}.")]

    @hookimpl
    def seldon_transport(service, settings):
        seen.append((service, settings))
        return Transport(settings)
"""
MODEL = """
    class MyModel:
        def __init__(self, **parameters):
            self.parameters = parameters

        def predict(self, X, names):
            return X
"""


@dataclass
class Ended:
    """How ``seldon-run`` ended: exit status, output, and the settings that each transport got."""

    status: int
    out: str
    err: str
    settings: dict[str, Any]


@pytest.fixture
def ask() -> Ask:
    """``ask(user, method, body, **of_the_component)``: the parsed answer of a component to one JSON call."""

    def ask(user: object, method: Method | str, body: Any = None, **of_the_component: Any) -> Any:
        component = user if isinstance(user, ComponentAdapter) else ComponentAdapter(user, **of_the_component)
        wire = None if body is None else json.dumps(body)
        return json.loads(run_call(component, Call(Method(method), wire, JsonCodec(Limits()), "test")))

    return ask


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(user, queue_size=1000, **of_the_service)``: a service whose executor runs during this test."""
    executors: list[Executor] = []

    def serve(user: object, queue_size: int = 1000, **settings: Any) -> ComponentService:
        executors.append(Executor(queue_size=queue_size))
        executors[-1].start()
        predictor = user if isinstance(user, Predictor) else ComponentAdapter(user)
        own = predictor.user if isinstance(predictor, ComponentAdapter) else None
        return ComponentService(Unit(predictor, executors[-1], user=own), **settings)

    yield serve
    for executor in executors:
        assert executor.stop(WAIT_S)


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """``publish(distribution, {group: "name = module"}, source)``: install it, for this test only.

    The module is named as the entry points say; without ``source`` there is none. Plugins
    that happen to be installed beside the core are out of sight meanwhile.
    """
    before = set(sys.modules)

    def published(*, group: str) -> list[EntryPoint]:
        found = entry_points(group=group)
        return [e for e in found if e.dist and Path(str(e.dist.locate_file(""))).is_relative_to(tmp_path)]

    monkeypatch.setattr(registry, "entry_points", published)

    def publish(
        distribution: str,
        entry_points: dict[str, str],
        source: str | None = None,
        *,
        version: str = "1.0",
        metadata: bool = True,
    ) -> Path:
        site = tmp_path / "site" / distribution
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        if metadata:
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
            )
        (info / "entry_points.txt").write_text(
            "\n".join(f"[seldon_runtime.{group}]\n{entry}\n" for group, entry in entry_points.items())
        )
        if source is not None:
            first = next(iter(entry_points.values())).splitlines()[0]
            module = first.split("=")[1].split(":")[0].strip()
            (site / f"{module}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(site)
        return site

    yield publish
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def write(publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """``write("MyModel.py", source)`` in the current folder, whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, source: str) -> Path:
        (tmp_path / name).write_text(textwrap.dedent(source))
        return tmp_path / name

    return write


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """``settings(**changes)``: the defaults of the core's options, and Model to be served."""

    def settings(**changes: object) -> Settings:
        values = click.Command("defaults", params=list(options())).make_context("defaults", []).params
        return Settings({**values, "model_name": "Model", "grace_s": 5.0, **changes})

    return settings


@pytest.fixture
def seldon_run(
    publish: Publish, write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """``seldon_run(*words, **environment)`` in process, in a folder with MyModel.py.

    There are two transports, ``fake`` (in API_TYPE unless the environment says otherwise) and ``mock``.
    """
    for parameter in (*arguments(), *options()):
        variables = parameter.envvar or ()
        for variable in [variables] if isinstance(variables, str) else variables:
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("API_TYPE", "fake")
    write("MyModel.py", MODEL)
    for name in ("fake", "mock"):
        publish(f"acme-{name}", {"transport": f"{name} = acme_{name}"}, FAKE_TRANSPORT.format(name))

    def seldon_run(*words: str, **environment: str) -> Ended:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        status = run(words)
        captured = capsys.readouterr()
        settings: dict[str, Any] = {}
        for name in ("fake", "mock"):
            if f"acme_{name}" in sys.modules and sys.modules[f"acme_{name}"].seen:
                settings[name] = sys.modules[f"acme_{name}"].seen[-1][1]
        return Ended(status, captured.out, captured.err, settings)

    return seldon_run
