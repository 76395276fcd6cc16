"""A folder that cannot be written to while calls go on."""

from __future__ import annotations

import fcntl
import resource

import pytest

KEY = "persistence_0_0_0"


def fill(server, folder):
    """No file may have more than ten bytes: what a full disk comes to, without one."""
    unlimited = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (10, unlimited[1]))
    return lambda: resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)


def take_away(server, folder):
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.write_text("no folder")

    def mend():
        folder.unlink()
        elsewhere.rename(folder)

    return mend


def lock(server, folder):
    """As a process does that was stopped while it wrote."""
    file = (folder / KEY / "lock").open()
    fcntl.flock(file, fcntl.LOCK_EX)
    return file.close


@pytest.mark.parametrize("fault", [fill, take_away, lock])
def test_while_the_folder_fails_no_call_does_and_the_newest_state_is_saved_afterwards(
    fault, tally, count, store, attributes_in, until, tmp_path
):
    server = tally("--persistence-interval", "0.1")
    count(server)
    until(lambda: store.versions(KEY))
    mend = fault(server, tmp_path / "seldon-state")
    count(server)
    until(lambda: server.get("/health/ready").json == {"ready": True, "degraded": ["state"]})
    assert [count(server) for _ in range(20)] == list(range(3, 23))
    mend()
    until(lambda: server.get("/health/ready").json == {"ready": True})
    until(lambda: attributes_in(store.load(KEY).blob)["count"] == 22)
    server.kill()
    assert count(tally()) == 23


def test_a_folder_that_cannot_be_read_stops_the_start(tally, tmp_path):
    (tmp_path / "seldon-state").mkdir()
    (tmp_path / "seldon-state" / KEY).write_text("no folder")
    server = tally(wait=False)
    assert server.wait() == 3
    assert "state cannot be read from file:" in server.log
    assert "Not a directory" in server.log


UNWRITABLE = {"PERSISTENCE_FOLDER": "/proc/seldon-state"}
"""Nobody can make a folder there, not even root."""


def test_a_folder_that_cannot_be_written_to_stops_the_start(tally):
    server = tally(wait=False, env=UNWRITABLE)
    assert server.wait() == 3
    assert "state could not be saved in file:/proc/seldon-state: [Errno " in server.log


def test_a_fresh_start_serves_also_where_nothing_can_be_written(tally, count):
    server = tally("--persistence-at-start", "fresh", "--grace", "1", env=UNWRITABLE)
    assert "state cannot be saved, starting anyway" in server.log
    assert [count(server) for _ in range(2)] == [1, 2]
    server.terminate()
    assert server.wait() == 1
