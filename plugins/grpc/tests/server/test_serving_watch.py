"""The watch over grpcio's serving thread."""

from __future__ import annotations

import threading

import pytest

from seldon_runtime.testing import WAIT_S

from ..components import Echo


@pytest.fixture
def failures(monkeypatch):
    """The reasons that are reported, and an event that the first one sets."""
    reported = threading.Event()
    reasons: list[str] = []

    def watch(served):
        monkeypatch.setattr(served.service, "fail", lambda reason: (reasons.append(reason), reported.set()))
        return reasons, reported

    return watch


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_end_of_the_serving_thread_is_reported(serve, failures):
    served = serve(Echo())
    reasons, reported = failures(served)

    def end_the_thread(details):
        raise SystemExit

    served.transport._handlers.service = end_the_thread
    call = served.stub().future(b"", timeout=WAIT_S)
    assert reported.wait(WAIT_S)
    assert reasons == ["the serving thread of the gRPC server ended unexpectedly"]
    call.cancel()


def test_the_end_of_a_stopped_server_is_not_reported(serve, failures):
    served = serve(Echo())
    reasons, _ = failures(served)
    watch = [thread for thread in threading.enumerate() if thread.name == "grpc-watch"]
    served.stop()
    for thread in watch:
        thread.join(WAIT_S)
        assert not thread.is_alive()
    assert reasons == []
