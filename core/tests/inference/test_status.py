"""A new service is alive, and neither ready nor failed."""

from __future__ import annotations

from seldon_runtime.inference.status import ServiceStatus


def test_a_new_service_is_alive_but_not_ready() -> None:
    status = ServiceStatus()
    assert status.alive
    assert (status.ready, status.draining, status.retiring) == (False, False, False)
    assert (status.degraded, status.failure) == ({}, None)


def test_no_two_services_share_their_faults() -> None:
    ServiceStatus().set_degraded("state", "the disk is full")
    assert ServiceStatus().degraded == {}


def test_a_part_is_degraded_until_it_works_again() -> None:
    status = ServiceStatus()
    status.set_degraded("state", "the disk is full")
    assert status.degraded == {"state": "the disk is full"}
    status.set_degraded("state", None)
    status.set_degraded("state", None)
    assert status.degraded == {}
