"""Objects made from settings: the identity, the limits, and the memory of requests."""

from __future__ import annotations

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.inference.identity import Identity
from seldon_runtime.inference.limits import Limits
from seldon_runtime.settings.derived import identity_from, limits_from, memory_from
from seldon_runtime.settings.values import Settings


def settings(**values: object) -> Settings:
    identity = dict.fromkeys(("unit_id", "unit_image", "deployment_id", "predictor_id"))
    return Settings({**identity, "predictor_labels": "{}", **values})


def test_the_identity_and_the_limits_come_from_the_settings() -> None:
    given = settings(
        unit_id="u", unit_image="i:1", deployment_id="d", predictor_id="p", predictor_labels='{"version": 2}'
    )
    assert identity_from(given) == Identity("u", "i:1", "d", "p", {"version": "2"})
    assert identity_from(settings()) == Identity()
    of_requests = {"max_body_bytes": 1, "max_array_values": 2, "max_nesting": 3}
    of_time = {"timeout_s": 4.0, "health_timeout_s": 5.0, "stream_idle_timeout_s": 6.0}
    limits = limits_from(Settings({**of_requests, **of_time}))
    assert limits == Limits(1, 2, 3, 4.0, 5.0, stream_idle_timeout_s=6.0)
    assert limits_from(Settings({**of_requests, **of_time, "timeout_s": 0.0})).timeout_s is None


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("given", "free_mib", "budget_mib", "request_mib"),
    [
        ({}, 16 * 1024, 8 * 1024, 256),
        ({}, 200, 100, 50),
        ({"threads": 2}, 200, 100, 25),
        ({}, 0, 16, 8),
        ({"memory_budget": 40 * MIB}, 200, 40, 20),
        ({"max_request_memory": 90 * MIB}, 200, 100, 90),
    ],
)
def test_the_memory_of_requests_follows_the_free_memory_unless_it_is_set(
    given: dict[str, int], free_mib: int, budget_mib: int, request_mib: int
) -> None:
    found = Settings({"memory_budget": None, "max_request_memory": None, "threads": 1, **given})
    limits, memory = memory_from(found, Limits(max_nesting=3), free_mib * MIB)
    assert limits == Limits(max_nesting=3, max_request_memory=request_mib * MIB)
    assert memory.limit_bytes == budget_mib * MIB


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("nope", "PREDICTOR_LABELS is not valid JSON: "),
        ("[]", "PREDICTOR_LABELS is .*, expected a JSON object"),
    ],
)
def test_labels_that_are_no_object_stop_the_start(labels: str, message: str) -> None:
    with pytest.raises(StartupError, match=message):
        identity_from(settings(predictor_labels=labels))
