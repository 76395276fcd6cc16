"""Several transports of one process: their order at start and end, and their one component."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.components import ECHO

Start = Callable[..., Any]
LIFE = """
    import sys
    from pathlib import Path
    from seldon_runtime import hookimpl
    from seldon_runtime.errors import StartupError

    class Noting:
        def __init__(self, name, fails):
            self.name, self.address, self.fails = name, name + ":nowhere", fails
        def start(self):
            print(self.name, "start", flush=True)
            if self.fails:
                raise StartupError("the second port is taken")
        def stop_accepting(self):
            print(self.name, "stop_accepting", flush=True)
        def stop(self, grace_s):
            print(self.name, "stop", flush=True)

    class Plugin:
        def __init__(self, name, fails=False):
            self.name, self.fails = name, fails
        @hookimpl
        def seldon_transport(self, service, settings):
            return Noting(self.name, self.fails)

    one, two, failing = Plugin("one"), Plugin("two"), Plugin("failing", fails=True)
"""


@pytest.fixture
def noting(install: Callable[..., Any]) -> dict[str, str]:
    """The environment in which transports are installed that note what they are told."""
    names = ("one", "two", "failing")
    entries = {"seldon_runtime.transport": {name: f"acme_noting:{name}" for name in names}}
    return {"PYTHONPATH": str(install("acme-noting", entries, {"acme_noting": LIFE}))}


def told(server: Any) -> list[str]:
    return re.findall(r"^((?:one|two|failing) \w+)$", server.log, re.M)


def test_transports_start_in_their_order_and_all_stop_accepting_before_one_stops(
    seldon_run: Start, noting: dict[str, str]
) -> None:
    server = seldon_run("Echo", "Two,ONE", source=ECHO, env=noting, wait=False)
    server.wait_for_log("ready: two at two:nowhere, one at one:nowhere")
    assert server.stop() == 0
    assert told(server) == [
        *("two start", "one start"),
        *("two stop_accepting", "one stop_accepting"),
        *("two stop", "one stop"),
    ]


def test_a_transport_that_cannot_start_stops_those_that_did(
    seldon_run: Start, noting: dict[str, str], free_port: int
) -> None:
    words = ("--http-port", str(free_port))
    server = seldon_run("Echo", "REST,ONE,FAILING,TWO", *words, source=ECHO, env=noting, wait=False)
    assert server.wait() == 3
    assert told(server) == ["one start", "failing start", "one stop_accepting", "one stop"]
    assert server.log.rstrip().endswith("seldon-run: the second port is taken")
    assert " ready: " not in server.log


def test_the_component_is_one_whatever_the_transport(seldon_run: Start, install: Callable[..., Any]) -> None:
    """A third party's transport sees the object that REST has changed (property 3)."""
    module = """
        import threading
        from seldon_runtime import hookimpl

        class Peeking:
            name, address = "peek", "nowhere"
            def __init__(self, service):
                self.user = service.user
            def start(self): pass
            def stop_accepting(self):
                print("rewards", self.user.rewards, flush=True)
            def stop(self, grace_s): pass

        @hookimpl
        def seldon_transport(service):
            return Peeking(service)
    """
    source = """
        class Learning:
            rewards = 0
            def send_feedback(self, features, features_names, reward, truth):
                self.rewards += reward
    """
    site = install("acme-peek", {"seldon_runtime.transport": {"peek": "acme_peek"}}, {"acme_peek": module})
    server = seldon_run("Learning", "REST,PEEK", source=source, env={"PYTHONPATH": str(site)})
    assert server.post("/send-feedback", {"reward": 2.5}).status == 200
    assert server.stop() == 0
    assert "rewards 2.5" in server.log
