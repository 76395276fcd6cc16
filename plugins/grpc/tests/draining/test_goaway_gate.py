"""Answers that wait until clients have been told to leave."""

from __future__ import annotations

import threading

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime.testing.waiting import Background
from seldon_runtime_grpc.draining import goaway_gate
from seldon_runtime_grpc.draining.goaway_gate import GoawayGate


@pytest.fixture
def gate() -> GoawayGate:
    return GoawayGate()


def test_what_comes_to_an_open_gate_is_sent_at_once(gate):
    sent = []
    gate.keep(lambda: sent.append("first"))
    assert sent == ["first"]


def test_what_comes_to_a_shut_gate_is_sent_when_it_opens_in_the_order_of_its_coming(gate):
    sent = []
    gate.shut()
    for number in range(3):
        gate.keep(lambda number=number: sent.append(number))
    assert sent == []
    gate.open()
    assert sent == [0, 1, 2]
    gate.keep(lambda: sent.append(3))
    assert sent == [0, 1, 2, 3]


def test_what_has_been_sent_is_not_kept(gate):
    """The process may go on as a supervisor."""
    gate.shut()
    gate.keep(lambda: None)
    gate.open()
    assert gate._kept == []


def test_an_answer_that_cannot_be_sent_keeps_back_no_other(gate, caplog):
    sent = []
    gate.shut()
    gate.keep(lambda: 1 / 0)
    gate.keep(lambda: sent.append("second"))
    gate.open()
    assert sent == ["second"]
    assert "cannot send a held response" in caplog.text


def test_a_gate_that_opens_meanwhile_sends_each_answer_once(gate):
    sent = []
    begun = threading.Semaphore(0)

    def come(client):
        for number in range(1000):
            gate.keep(lambda number=number: sent.append((client, number)))
            begun.release()

    gate.shut()
    clients = [threading.Thread(target=come, args=(client,)) for client in range(4)]
    for client in clients:
        client.start()
    assert begun.acquire(timeout=WAIT_S)
    gate.open()
    for client in clients:
        client.join(WAIT_S)
    assert sorted(sent) == [(client, number) for client in range(4) for number in range(1000)]


def test_a_thread_that_waits_goes_on_when_the_gate_opens(gate, monkeypatch):
    monkeypatch.setattr(goaway_gate, "_LONGEST_WAIT_S", WAIT_S)
    gate.shut()
    waiting = Background(gate.wait_for_opening)
    assert not waiting.done
    gate.open()
    assert waiting.outcome is None


def test_who_is_refused_waits_for_the_opening_of_a_gate_that_was_never_shut(gate, monkeypatch):
    monkeypatch.setattr(goaway_gate, "_LONGEST_WAIT_S", WAIT_S)
    waiting = Background(gate.wait_for_opening)
    assert not waiting.done
    gate.open()
    assert waiting.outcome is None


def test_no_thread_waits_for_ever(gate, monkeypatch):
    monkeypatch.setattr(goaway_gate, "_LONGEST_WAIT_S", 0.01)
    gate.shut()
    assert Background(gate.wait_for_opening).outcome is None
