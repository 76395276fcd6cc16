"""The port and the paths of the pages, from start to stop."""

from __future__ import annotations

import socket

import pytest

from seldon_runtime.plugin import StartupError


def test_the_path_can_be_chosen_and_a_query_does_not_matter(serve):
    served = serve(metrics_endpoint="/prometheus")
    assert served.transport.address.endswith("/prometheus")
    assert served.get("/prometheus?name=x")[0] == 200
    assert served.get("/prometheus/runtime")[0] == 200
    assert served.get("/metrics")[0] == 404


def test_a_port_in_use_is_a_start_up_error_that_names_the_option(serve):
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(StartupError, match="--metrics-port"),
    ):
        serve(metrics_port=other.getsockname()[1])


def test_it_can_be_scraped_while_it_drains_and_not_after_the_stop(served):
    served.transport.stop_accepting()
    assert served.get()[0] == 200
    served.transport.stop(5)
    with pytest.raises(ConnectionRefusedError):
        served.get()
