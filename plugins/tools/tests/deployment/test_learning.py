"""Components that learn: several copies of one would learn apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools.deployment.learning import reason_for_one_replica

LEARNING = "class Thompson:\n    def route(self, X, n): ...\n    def send_feedback(self, *a): ...\n"
FIXED = "class Thompson:\n    def route(self, X, n): ...\n"


@pytest.mark.parametrize(
    ("reference", "file"),
    [
        ("Thompson", "Thompson.py"),
        ("pkg.Thompson", "pkg/Thompson.py"),
        ("pkg.routers.Thompson", "pkg/routers.py"),
        ("pkg.routers:Thompson", "pkg/routers.py"),
        ("pkg.Thompson", "pkg/__init__.py"),
        ("pkg/Thompson.py", "pkg/Thompson.py"),
        ("pkg/routers.py:Thompson", "pkg/routers.py"),
    ],
)
def test_the_class_is_found_as_seldon_run_finds_it(tmp_path: Path, reference: str, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(LEARNING)
    reason = reason_for_one_replica(tmp_path, reference, ServiceType.ROUTER)
    assert reason is not None
    assert reason.startswith("one replica: the router Thompson learns from feedback")
    (tmp_path / file).write_text(FIXED)
    assert reason_for_one_replica(tmp_path, reference, ServiceType.ROUTER) is None


def test_only_routers_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "Thompson.py").write_text(LEARNING)
    assert reason_for_one_replica(tmp_path, "Thompson", ServiceType.MODEL) is None


@pytest.mark.parametrize("source", [None, "class Other: ...", "def broken(:", "\0"])
def test_a_router_whose_source_cannot_be_read_may_learn(tmp_path: Path, source: str | None) -> None:
    if source is not None:
        (tmp_path / "Thompson.py").write_text(source)
    reason = reason_for_one_replica(tmp_path, "Thompson", ServiceType.ROUTER)
    assert reason is not None
    assert "is not in" in reason


def test_bases_that_form_a_ring_end(tmp_path: Path) -> None:
    (tmp_path / "Thompson.py").write_text("class A(Thompson): ...\nclass Thompson(A): ...\n")
    assert reason_for_one_replica(tmp_path, "Thompson", ServiceType.ROUTER) is None
