"""Objects of the call path, made from the settings."""

from __future__ import annotations

import json

from seldon_runtime.errors import StartupError
from seldon_runtime.inference.identity import Identity
from seldon_runtime.inference.limits import DEFAULT_BODY_BYTES, MEMORY_TIMES_BODY, Limits
from seldon_runtime.inference.memory import MemoryBudget
from seldon_runtime.settings.values import Settings


def identity_from(settings: Settings) -> Identity:
    """Return the identity; raise StartupError when PREDICTOR_LABELS is not a JSON object."""
    try:
        labels = json.loads(settings["predictor_labels"])
    except ValueError as error:
        raise StartupError(f"PREDICTOR_LABELS is not valid JSON: {error}") from None
    if not isinstance(labels, dict):
        raise StartupError(
            f'PREDICTOR_LABELS is {labels!r:.80}, expected a JSON object such as {{"version": "1"}}'
        )
    return Identity(
        unit=settings["unit_id"],
        image=settings["unit_image"],
        deployment=settings["deployment_id"],
        predictor=settings["predictor_id"],
        predictor_labels={str(key): str(value) for key, value in labels.items()},
    )


def limits_from(settings: Settings) -> Limits:
    """Return the limits that the settings set."""
    return Limits(
        settings["max_body_bytes"],
        settings["max_array_values"],
        settings["max_nesting"],
        timeout_s=settings["timeout_s"] or None,
        health_timeout_s=settings["health_timeout_s"],
        stream_idle_timeout_s=settings["stream_idle_timeout_s"] or None,
    )


_LEAST_BUDGET_BYTES = 16 * 1024 * 1024
_SHARE_OF_FREE = 2
"""The budget is the free memory divided by this. The rest is for answers, and for what user code makes of a
request."""


def memory_from(settings: Settings, limits: Limits, free_bytes: int) -> tuple[Limits, MemoryBudget]:
    """Return the limits with that of a request's memory, and the budget of all requests together.

    Args:
        settings: the settings of the process.
        limits: those of :func:`limits_from`.
        free_bytes: the memory that this process may still take.
    """
    budget: int = settings["memory_budget"] or max(free_bytes // _SHARE_OF_FREE, _LEAST_BUDGET_BYTES)
    share = budget // 2 // settings["threads"]  # bodies take half of it, and each thread reads one request
    usual = MEMORY_TIMES_BODY * max(limits.max_body_bytes, DEFAULT_BODY_BYTES)
    most: int = settings["max_request_memory"] or min(usual, share)
    return limits._replace(max_request_memory=most), MemoryBudget(budget)
