"""The end of a process with a plugin that fails to stop, blocks it, or ignores signals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.components import ECHO
from tests.support.faulty_plugins import LABEL, observer, transport

Start = Callable[..., Any]
FOREVER = "time.sleep(3600)"


@pytest.mark.parametrize("when", ["stop_accepting", "stop"])
@pytest.mark.parametrize("what", ["raise ValueError('not now')", "sys.exit(5)"])
def test_a_transport_that_fails_to_stop_is_logged_and_the_others_stop(
    seldon_run: Start, published: Any, when: str, what: str
) -> None:
    env = published(transport(**{when: what}), "transport")
    process = seldon_run("Echo", "BAD,REST", source=ECHO, env=env)
    assert process.post("/predict", {"strData": "fine"}).json["strData"] == "fine"
    assert process.stop() == 0
    of = f"transport silent (transport {LABEL})"
    assert f"ERROR seldon_runtime.process.bounded: {of} failed to {when.replace('_', ' ')}" in process.log
    assert process.log.count("Traceback") == 1
    assert process.log.rstrip().endswith("stopped")


COUNTING = """
    class Counting:
        def __init__(self): self.n = 0
        def predict(self, X, features_names):
            self.n += 1
            return str(self.n)
"""
BLOCKS = {
    "stop": (
        transport(stop=FOREVER),
        "transport",
        "transport silent (transport PLUGIN) failed to stop in time",
    ),
    "stop_accepting": (
        transport(stop_accepting=FOREVER),
        "transport",
        "transport silent (transport PLUGIN) failed to stop accepting in time",
    ),
    "a state": (
        observer("import time; state is Lifecycle.DRAINING and time.sleep(3600)"),
        "extension",
        "Watches of extension PLUGIN failed to take the state draining in time",
    ),
    "an early state": (
        observer("import time; state is Lifecycle.READY and time.sleep(3600)"),
        "extension",
        "Watches of extension PLUGIN failed to take the state ready in time",
    ),
    "the stop of an observer": (
        observer("pass")
        .replace("def lifecycle_changed(self, state)", "def stop(self, grace_s)")
        .replace("        pass", "        import time; time.sleep(3600)"),
        "extension",
        "Watches of extension PLUGIN failed to stop in time",
    ),
    "a thread": (
        transport(start="threading.Thread(target=time.sleep, args=(3600,), name='bad-one').start()"),
        "transport",
        "bad-one … of a plugin or of user code did not end",  # other threads may stand between
    ),
    "an exit function": (
        f"import atexit, time\natexit.register(time.sleep, 3600)\n{observer('pass')}",
        "extension",
        "an exit function of a plugin or of user code did not end",
    ),
}


@pytest.mark.parametrize("what", BLOCKS)
def test_a_plugin_that_blocks_the_end_costs_no_state_and_is_named(
    seldon_run: Start, published: Any, tmp_path: Path, what: str
) -> None:
    source, group, message = BLOCKS[what]
    words = ["Counting", "REST,BAD"] if group == "transport" else ["Counting", "REST", "--extension", "bad"]
    state = ("--persistence", "file", "--persistence-folder", str(tmp_path / "state"))
    env = published(source, group)
    process = seldon_run(*words, "--grace", "1", *state, source=COUNTING, env=env)
    assert process.post("/predict", {"strData": "x"}).json["strData"] == "1"
    process.terminate()
    assert process.wait() == 0, process.log
    for part in message.replace("PLUGIN", LABEL).split(" … "):
        assert part in process.log
    again = seldon_run("Counting", "REST", *state, source=COUNTING)
    assert again.post("/predict", {"strData": "x"}).json["strData"] == "2", "the last state was not saved"


def test_a_plugin_that_ignores_signals_does_not_keep_the_process_from_ending(
    seldon_run: Start, published: Any
) -> None:
    env = published(f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{observer('pass')}")
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=env)
    assert process.post("/predict", {"strData": "x"}).json["strData"] == "x"
    assert process.stop() == 0
