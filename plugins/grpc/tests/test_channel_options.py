"""Channel options from settings and the pod's annotations."""

from __future__ import annotations

import pytest

from seldon_runtime.plugin import Reservation, Settings, StartupError
from seldon_runtime_grpc import pod_annotations
from seldon_runtime_grpc.channel_options import channel_options
from seldon_runtime_grpc.plugin import seldon_options

LINES = """kubernetes.io/config.seen="2026-01-02T03:04:05.6Z"
seldon.io/grpc-max-message-size="10485760"
note="a=b \\"quoted\\"\\n"
odd
"""


ALONE = Reservation(5000, shared=False)
HANDS_OVER = Reservation(5000, shared=True)
"""After a reload another process serves there."""
AMONG_OTHERS = Reservation(5000, shared=True, outlived=True)


def options_of(settings, reservation=ALONE):
    return dict(channel_options(settings, reservation, streams=9))


@pytest.fixture
def annotations(tmp_path, monkeypatch):
    path = tmp_path / "annotations"
    monkeypatch.setattr(pod_annotations, "PATH", path)
    return path


@pytest.fixture
def largest(plain_settings):
    def of(**settings):
        options = options_of(Settings({**plain_settings, **settings}))
        assert options["grpc.max_send_message_length"] == options["grpc.max_receive_message_length"]
        return options["grpc.max_receive_message_length"]

    return of


def test_the_largest_message_is_64_mib(annotations, largest):
    assert largest() == 64 * 1024 * 1024


def test_the_pods_annotation_sets_the_largest_message(annotations, largest):
    annotations.write_text(LINES)
    assert largest() == 10485760
    assert largest(grpc_max_message_bytes=5) == 5
    assert pod_annotations.read()["note"] == 'a=b "quoted"\n'


@pytest.mark.parametrize("value", ["", "ten", "-1", "0", "99999999999", "9" * 5000])
def test_an_annotation_that_is_no_size_stops_the_start(annotations, largest, value):
    annotations.write_text(f'seldon.io/grpc-max-message-size="{value}"')
    with pytest.raises(StartupError, match="grpc-max-message-size"):
        largest()


def test_an_annotation_that_is_no_utf_8_does_not_hide_the_others(annotations, largest):
    annotations.write_bytes(b'note="\xff"\n' + LINES.encode())
    assert largest() == 10485760


def test_an_idle_client_is_asked_after_the_set_time(plain_settings):
    options = options_of(Settings({**plain_settings, "grpc_keepalive_s": 1.5}))
    assert options["grpc.keepalive_time_ms"] == 1500


@pytest.mark.parametrize(
    ("age_s", "ages_ms"),
    [(1.5, [1500, 1500, 1500]), (None, [60_000, 60_000, 10_000]), (0.0, [2**31 - 1] * 3)],
)
def test_clients_are_told_to_connect_anew(plain_settings, age_s, ages_ms):
    settings = Settings({**plain_settings, "grpc_max_connection_age_s": age_s})
    reservations = (ALONE, HANDS_OVER, AMONG_OTHERS)
    options = [options_of(settings, reservation) for reservation in reservations]
    assert [option["grpc.max_connection_age_ms"] for option in options] == ages_ms
    assert [option["grpc.so_reuseport"] for option in options] == [0, 1, 1]


def test_the_tests_know_every_setting(plain_settings):
    assert {option.name for option in seldon_options()} <= set(plain_settings)
