"""What headers tell of how long a client waits."""

from __future__ import annotations

import time

import pytest

from seldon_runtime_rest.deadline_headers import deadline_from

ENVOY = b"x-envoy-expected-rq-timeout-ms"


def patience_s(*lines: tuple[bytes, bytes]) -> float | None:
    began = time.monotonic()
    deadline = deadline_from(dict(lines), lines)
    return None if deadline is None else round(deadline - began, 1)


@pytest.mark.parametrize(
    ("lines", "expected_s"),
    [
        ([], None),
        ([(b"accept", b"wait=5")], None),
        ([(ENVOY, b"15000")], 15.0),
        ([(ENVOY, b" 1500 ")], 1.5),
        ([(b"prefer", b"wait=10")], 10.0),
        ([(b"prefer", b'WAIT = "10"')], 10.0),
        ([(b"prefer", b"respond-async, wait=10; foo=1")], 10.0),
        ([(b"prefer", b"respond-async"), (b"prefer", b"wait=7")], 7.0),
        ([(b"prefer", b"wait=10"), (ENVOY, b"15000")], 10.0),
        ([(b"prefer", b"wait=20"), (ENVOY, b"15000")], 15.0),
        ([(ENVOY, b"9000"), (ENVOY, b"8000")], 8.0),
        ([(b"prefer", b"wait=20, wait=10")], 20.0),
    ],
)
def test_the_shortest_limit_counts(lines, expected_s):
    assert patience_s(*lines) == expected_s


@pytest.mark.parametrize(
    "value", [b"", b"0", b"-1", b"1.5", b"1e3", b"soon", b"9" * 10, b"\xb2", b"1 2", b"0x10", "٣".encode()]
)
@pytest.mark.parametrize("name", [ENVOY, b"prefer"])
def test_what_is_no_whole_number_above_0_is_ignored(name, value):
    assert patience_s((name, value if name == ENVOY else b"wait=" + value)) is None
    assert patience_s((name, value), (ENVOY, b"2000")) == 2.0


@pytest.mark.parametrize("value", [b"1\x1d", b"1\xa0"])
def test_what_only_python_takes_for_a_blank_is_none(value):
    assert patience_s((ENVOY, value)) is None


@pytest.mark.parametrize(
    "value", [b"wait", b"waiting=5", b'foo="a, wait=5"', b"foo; wait=5", b"foo=wait=5", b",,;", b'"', b"=5"]
)
def test_other_preferences_are_no_limit(value):
    assert patience_s((b"prefer", value)) is None
