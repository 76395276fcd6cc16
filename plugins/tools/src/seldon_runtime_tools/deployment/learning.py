"""Routers that learn from feedback: copies without shared state would each learn from a part of it."""

from __future__ import annotations

import re
from pathlib import Path

from seldon_runtime.plugin import ServiceType, methods_in_source

_FEEDBACK = {"send_feedback", "send_feedback_raw"}
_REMEDY = "keep its state with --setting PERSISTENCE=redis, or choose --min-replicas yourself"


def reason_for_one_replica(folder: Path, reference: str, service_type: ServiceType) -> str | None:
    """Return why a component without stored state must have one replica; None when it may have more.

    Reads the source of the class, and runs nothing.

    Args:
        folder: the component's folder.
        reference: MODEL_NAME.
        service_type: only routers are looked at: they exist to learn.
    """
    if service_type is not ServiceType.ROUTER:
        return None
    name = re.split(r"[./:]", reference.removesuffix(".py"))[-1]
    methods = methods_in_source(folder, reference)
    if methods is None:
        return (
            f"one replica: the source of the router {name} is not in {folder}, and several replicas of "
            f"a router that learns would each learn from a part of the feedback; {_REMEDY}"
        )
    if methods & _FEEDBACK:
        return (
            f"one replica: the router {name} learns from feedback (send_feedback) and keeps no state, "
            f"so several replicas would each learn from a part of it; {_REMEDY}"
        )
    return None
