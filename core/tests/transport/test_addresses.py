"""Hosts as they stand in URLs."""

from __future__ import annotations

import pytest

from seldon_runtime.transport.addresses import url_host


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("::1", "[::1]"),
        ("fe80::1%eth0", "[fe80::1%eth0]"),
        ("127.0.0.1", "127.0.0.1"),
        ("a.example", "a.example"),
    ],
)
def test_only_an_ipv6_address_gets_brackets(host: str, shown: str) -> None:
    assert url_host(host) == shown
