"""What a supervisor and a worker hear from each other, whatever the other side does."""

from __future__ import annotations

import socket

import pytest

from seldon_runtime.supervision.channel import Channel


@pytest.fixture
def line():
    channel, theirs = Channel.pair()
    with theirs:
        yield channel, theirs
    channel.close()


def test_messages_and_sockets_arrive(line):
    channel, theirs = line
    other = Channel(theirs)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        assert other.send({"event": "ready"})
        assert other.send({}, listener)
        first, second = channel.receive(wait=False)
        with second["attached"] as received:
            assert received.getsockname() == listener.getsockname()
    assert first == {"event": "ready"}


def test_nothing_is_waited_for_when_nothing_was_said(line):
    """A process that user code forked keeps the line open when the worker has ended."""
    channel, theirs = line
    assert channel.receive(wait=False) == []
    theirs.send(b'{"event": "rea')
    assert channel.receive(wait=False) == []
    theirs.send(b'dy"}\n')
    assert channel.receive(wait=False) == [{"event": "ready"}]


@pytest.mark.parametrize(
    "said",
    [b"no JSON\n", b"[]\n", b"\xff\n", b'{"attached": true}\n', b"[" * 50_000 + b"\n"],
    ids=["no JSON", "no object", "no UTF-8", "no socket", "nested"],
)
def test_who_says_what_is_no_message_is_not_listened_to(line, said, caplog):
    channel, theirs = line
    theirs.send(said)
    assert channel.receive(wait=False) is None
    assert "invalid message" in caplog.text


def test_a_message_without_end_is_not_kept(line):
    channel, theirs = line
    theirs.setblocking(False)
    heard = []
    while heard is not None:
        theirs.send(b"x" * 10_000)
        heard = channel.receive(wait=False)
