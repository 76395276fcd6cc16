"""Components that learn: several copies of one would learn apart."""

from __future__ import annotations

from pathlib import Path

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools.deployment.learning import reason_for_one_replica

LEARNING = "class Thompson:\n    def route(self, X, n): ...\n    def send_feedback(self, *a): ...\n"
FIXED = "class Thompson:\n    def route(self, X, n): ...\n"


def test_a_router_with_feedback_has_one_replica(tmp_path: Path) -> None:
    (tmp_path / "Thompson.py").write_text(LEARNING)
    reason = reason_for_one_replica(tmp_path, "Thompson", ServiceType.ROUTER)
    assert reason is not None
    assert reason.startswith("one replica: the router Thompson learns from feedback")
    (tmp_path / "Thompson.py").write_text(FIXED)
    assert reason_for_one_replica(tmp_path, "Thompson", ServiceType.ROUTER) is None


def test_only_routers_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "Thompson.py").write_text(LEARNING)
    assert reason_for_one_replica(tmp_path, "Thompson", ServiceType.MODEL) is None


def test_a_router_without_its_source_may_learn(tmp_path: Path) -> None:
    reason = reason_for_one_replica(tmp_path, "Thompson", ServiceType.ROUTER)
    assert reason is not None
    assert "is not in" in reason
