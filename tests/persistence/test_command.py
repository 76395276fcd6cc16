"""``seldon-run state``, as a process."""

from __future__ import annotations

import pickle
import subprocess
import sysconfig
from pathlib import Path

import pytest

from seldon_runtime.builtin.file_store import FileStore
from seldon_runtime.persistence.envelope import Header, peek, seal, unseal
from seldon_runtime.persistence.snapshot import Snapshot

KEY = "persistence_0_0_0"
SECRET = "correct horse battery staple"
HEADER = Header(KEY, "Tally:Tally", "7", 1_700_000_000.0, "test", "0.1.0")
TALLY = "class Tally:\n    count = 0\n    def predict(self, X, names):\n        return [[self.count]]\n"


@pytest.fixture
def store(tmp_path):
    store = FileStore(tmp_path / "seldon-state")
    for number in (1, 2):
        store.save(
            KEY, seal(HEADER, Snapshot(b"payload%d" % number), SECRET.encode()), expected=number - 1, keep=3
        )
    return store


@pytest.fixture
def state(tmp_path):
    """``state(*words)``: the finished process."""

    def state(*words, secret=SECRET, **variables):
        program = Path(sysconfig.get_path("scripts"), "seldon-run")
        environment = {"PATH": "/usr/bin:/bin", "PERSISTENCE": "file", **variables}
        if secret:
            environment["PERSISTENCE_SECRET_KEY"] = secret
        return subprocess.run(
            [program, "state", *map(str, words)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    return state


def test_list_shows_every_version_of_every_key(store, state):
    store.save("persistence_a_b_c", b"\x80old", expected=0, keep=3)
    lines = state("list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["KEY", "VERSION"],
        [KEY, "2"],
        [KEY, "1"],
        ["persistence_a_b_c", "1"],
    ]
    assert "2023-11-14T22:13:20Z" in lines[1]
    assert lines[1].split()[-2:] == ["yes", "Tally:Tally"]


def test_show_tells_what_a_version_is_and_whether_it_is_whole(store, state):
    shown = state("show").stdout
    assert "class: Tally:Tally" in shown
    assert "state_version: 7" in shown
    assert "check: intact" in shown
    assert "check: REFUSED, it is not signed with this" in state("show", secret="another one").stdout
    assert SECRET not in shown


def test_show_of_what_is_not_there_names_what_is(store, state):
    done = state("show", "--version", 9)
    assert done.returncode == 1
    assert f"has no version 9 under {KEY}; versions: 2, 1" in done.stderr


def test_an_exported_state_is_restored_under_another_key_and_signed_anew(store, state, tmp_path):
    assert state("export", "state.bin", "--version", 1).returncode == 0
    assert (tmp_path / "state.bin").stat().st_mode & 0o777 == 0o600
    assert state("restore", "state.bin", "--deployment-id", "d", "--unit-id", "u").returncode == 0
    stored = store.load("persistence_d_0_u")
    envelope = unseal(stored.blob, "persistence_d_0_u", SECRET.encode())
    assert envelope.snapshot.pickle == b"payload1"
    assert envelope.header.class_version == "7"


def test_export_overwrites_no_file(store, state, tmp_path):
    (tmp_path / "state.bin").write_text("mine")
    assert state("export", "state.bin").returncode == 1
    assert (tmp_path / "state.bin").read_text() == "mine"


def test_restore_makes_an_older_version_the_newest(store, state):
    assert state("restore", "--version", 1).returncode == 0
    assert store.versions(KEY) == [3, 2, 1]
    assert unseal(store.load(KEY).blob, KEY, SECRET.encode()).snapshot.pickle == b"payload1"


def test_an_unsigned_state_is_signed_only_when_asked(store, state):
    store.save(KEY, seal(HEADER, Snapshot(b"unsigned")), expected=2, keep=3)
    refused = state("restore")
    assert refused.returncode == 1
    assert "is not signed" in refused.stderr
    assert state("restore", "--trust-unsigned").returncode == 0
    assert unseal(store.load(KEY).blob, KEY, SECRET.encode()).snapshot.pickle == b"unsigned"


def test_delete_asks_unless_told_not_to(store, state):
    assert state("delete").returncode == 1
    assert store.versions(KEY)
    assert state("delete", "--yes").returncode == 0
    assert store.versions(KEY) == []


def test_what_a_stranger_wrote_cannot_speak_to_the_terminal(store, state):
    evil = "Tally:\x1b[2J\nTally"
    header = Header(KEY, evil, evil, 1.0, evil, evil)
    store.save("persistence_evil\x1b\n", seal(header, Snapshot(b"")), expected=0, keep=3)
    store.save(KEY, seal(header, Snapshot(b"")), expected=2, keep=3)
    for shown in (state("list").stdout, state("show").stdout):
        assert "\x1b" not in shown
        assert "\\x1b[2J" in shown
    assert len(state("list").stdout.splitlines()) == 1 + 1 + 3


def test_a_damaged_version_is_shown_as_such(store, state):
    store.save(KEY, b"SELDONST", expected=2, keep=3)
    assert "? (not written by this runtime)" in state("list").stdout
    assert "check: REFUSED, it is damaged: it is cut short" in state("show").stdout


class Old:
    def __reduce__(self):
        return print, ("unpickled",)


def test_import_takes_an_old_pickle_over_without_unpickling_it(store, state, tmp_path):
    (tmp_path / "Tally.py").write_text(TALLY)
    (tmp_path / "old.pickle").write_bytes(pickle.dumps(Old(), 3))
    asked = state("import", "Tally", "--file", "old.pickle")
    assert asked.returncode == 1
    assert "uses: builtins.print" in asked.stdout
    assert store.versions(KEY) == [2, 1]
    done = state("import", "Tally", "--file", "old.pickle", "--yes")
    assert done.returncode == 0
    assert "unpickled" not in done.stdout.splitlines()
    stored = store.load(KEY)
    assert peek(stored.blob).class_path == "Tally:Tally"
    assert unseal(stored.blob, KEY, SECRET.encode()).snapshot.pickle == (tmp_path / "old.pickle").read_bytes()


def test_an_imported_state_is_restored(store, state, seldon_run, tmp_path):
    (tmp_path / "Tally.py").write_text(TALLY)
    # what Python 3.6 writes for an object of the class with the attribute count
    text = b"\x80\x03cTally\nTally\nq\x00)\x81q\x01}q\x02X\x05\x00\x00\x00countq\x03K*sb."
    store.save(KEY, text, expected=None, keep=3)
    assert state("import", "Tally", "--yes").returncode == 0
    server = seldon_run(*("Tally", "REST", "--persistence", "file"), env={"PERSISTENCE_SECRET_KEY": SECRET})
    assert server.post("/predict", {"data": {"ndarray": [[0]]}}).json["data"]["ndarray"] == [[42]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "Tally"), "this state was written by this runtime, not by the old wrapper"),
        (("import", "Tally", "--file", "missing"), "cannot read missing"),
        (("restore", "missing"), "cannot read missing"),
        (("restore", "x", "--version", "1"), "FILE or --version, not both"),
        (("list", "--persistence", "0"), "no store is chosen: set PERSISTENCE"),
        (("list", "--persistence", "nowhere"), "which is not installed; installed: file"),
    ],
)
def test_what_cannot_be_done_is_told(store, state, words, message):
    done = state(*words)
    assert done.returncode in (1, 2, 3)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_is_signed_with_a_new_key_by_who_has_the_old_one(store, state):
    new = "another one that is long"
    wrong = state("restore", secret=new, PERSISTENCE_OLD_SECRET_KEY="guessed")
    assert wrong.returncode == 1
    assert "is not signed with this" in wrong.stderr
    done = state("restore", secret=new, PERSISTENCE_OLD_SECRET_KEY=SECRET)
    assert done.returncode == 0, done.stderr
    assert unseal(store.load(KEY).blob, KEY, new.encode()).snapshot.pickle == b"payload2"
    assert SECRET not in wrong.stdout + wrong.stderr + done.stdout + done.stderr


def test_a_signature_is_not_lost_with_the_old_key(store, state):
    done = state("restore", secret=None, PERSISTENCE_OLD_SECRET_KEY=SECRET)
    assert done.returncode == 2
    assert "set PERSISTENCE_SECRET_KEY too" in done.stderr
    assert store.versions(KEY) == [2, 1]
