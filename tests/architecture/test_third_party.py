"""A third party's transport as it would be published: built, installed beside the core's wheel, served."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = "examples/third_party/seldon_redis_streams"
ROUTER = """
    import sys

    class Router:
        def __init__(self):
            self.rewards = [0.0, 0.0]

        def route(self, X, features_names):
            return self.rewards.index(max(self.rewards))

        def send_feedback(self, features, features_names, reward, truth, routing=None):
            self.rewards[routing] += reward

        def predict(self, X, features_names):
            return {"modules": sorted({name.partition(".")[0] for name in sys.modules})}
"""


@pytest.mark.timeout(300)
def test_a_distribution_that_we_have_never_met_serves_in_a_fresh_environment(
    seldon_run: Callable[..., Any], fresh_install: Callable[..., Path], redis_server: Any
) -> None:
    program = fresh_install("core") / "seldon-run"
    settings = {
        "PYTHONPATH": "",
        "API_TYPE": "REDIS-STREAMS",
        "SELDON_STREAMS_URL": f"redis://127.0.0.1:{redis_server.port}/0",
        "SELDON_STREAMS_REQUESTS": "requests",
    }
    without = seldon_run("Router", source=ROUTER, program=program, env=settings, wait=False)
    assert without.wait() == 3
    assert "API_TYPE names the transport plugin 'redis-streams', which is not installed" in without.log
    fresh_install(EXAMPLE)
    table = subprocess.run([program, "plugins"], capture_output=True, text=True, check=True).stdout
    assert table.splitlines()[1].split()[:4] == [
        "transport",
        "redis-streams",
        "seldon-redis-streams",
        "1.0.0",
    ]
    process = seldon_run("Router", program=program, env=settings)
    assert process.addresses == {"redis-streams": f"redis://127.0.0.1:{redis_server.port}/0#requests"}

    def ask(method: str, request: Any) -> Any:
        redis_server.command(
            *("XADD", "requests", "*", "method", method, "request", json.dumps(request), "reply_to", "reply")
        )
        return json.loads(redis_server.command("BLPOP", "reply", 30)[1])["answer"]

    rows = {"data": {"ndarray": [[1, 2]]}}
    assert ask("route", rows)["data"]["ndarray"] == [[0]]
    ask("send_feedback", {"request": rows, "response": {"meta": {"routing": {"0": 1}}}, "reward": 1.0})
    assert ask("route", rows)["data"]["ndarray"] == [[1]]
    modules = set(ask("predict", rows)["jsonData"]["modules"])
    assert "seldon_redis_streams" in modules
    assert modules & {"flask", "uvicorn", "grpc", "google", "seldon_runtime_rest"} == set()
    assert process.stop() == 0
