"""What several test modules of the core need: calls in process, and distributions with plugins."""

from __future__ import annotations

import importlib
import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.executor import Executor
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime.protocols.v1_codec import JsonCodec
from seldon_runtime.service import Service

Ask = Callable[..., Any]
Publish = Callable[..., Path]
Serve = Callable[..., Service]


@pytest.fixture
def ask() -> Ask:
    """``ask(user, method, body, **of_the_component)``: the parsed answer of a component to one JSON call."""

    def ask(user: object, method: Method | str, body: Any = None, **of_the_component: Any) -> Any:
        component = user if isinstance(user, Component) else Component(user, **of_the_component)
        wire = None if body is None else json.dumps(body)
        return json.loads(component.answer(Call(Method(method), wire, JsonCodec(Limits()), "test")))

    return ask


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(user, queue_size=1000, **of_the_service)``: a service whose executor runs during this test."""
    executors: list[Executor] = []

    def serve(user: object, queue_size: int = 1000, **settings: Any) -> Service:
        executors.append(Executor(queue_size=queue_size))
        executors[-1].start()
        return Service(Component(user), executors[-1], **settings)

    yield serve
    for executor in executors:
        assert executor.stop(10)


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """``publish(distribution, {group: "name = module"}, source)``: install it, for this test only.

    The module is named as the entry points say; without ``source`` there is none.
    """
    before = set(sys.modules)

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
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(
            "\n".join(f"[seldon_runtime.{group}]\n{entry}\n" for group, entry in entry_points.items())
        )
        if source is not None:
            module = next(iter(entry_points.values())).split("=")[1].split(":")[0].strip()
            (site / f"{module}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(site)
        return site

    yield publish
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
    importlib.invalidate_caches()
