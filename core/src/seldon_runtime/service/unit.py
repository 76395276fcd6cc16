"""A unit: one component of a process, with the thread that runs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.service.executor import Executor


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A component with its thread. A process has one unit, or several for a graph."""

    predictor: Predictor
    executor: Executor
    identity: Identity = field(default_factory=Identity)
    service_type: ServiceType = ServiceType.MODEL
    user: object | None = None
    """The instance of the user's class; None for a predictor without one."""

    @property
    def class_name(self) -> str:
        """The name of the user's class, or of the predictor's."""
        return type(self.predictor if self.user is None else self.user).__name__


def require_other_thread(units: Iterable[Unit], what: str) -> None:
    """Raise RuntimeError on the thread of one of the components, which would wait for itself."""
    if any(unit.executor.is_current for unit in units):
        raise RuntimeError(
            f"{what} from the component's own thread would wait for itself: "
            "make it from another thread, or submit() it and do not wait"
        )
