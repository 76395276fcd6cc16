"""The file store on a full or read-only disk, and in a folder that others have written to."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys

import pytest

from seldon_runtime.builtin.file_store import FileStore
from seldon_runtime.persistence.store import StoreError

KEY = "persistence_0_0_0"


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "state")


@pytest.fixture
def home(store, tmp_path):
    """The folder of the key, with version 1 in it."""
    store.save(KEY, b"old", expected=0, keep=3)
    return tmp_path / "state" / KEY


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte; ``small_disk("ro")`` mounts it again with other options."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a file system, and not in every container")

    def again(options):
        subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)

    again.folder = folder
    yield again
    subprocess.run(["umount", folder], check=True)


# disks


def test_a_full_disk_is_told_and_keeps_the_old_version(small_disk):
    store = FileStore(small_disk.folder)
    store.save(KEY, b"old", expected=0, keep=3)
    with pytest.raises(StoreError, match="No space left on device"):
        store.save(KEY, bytes(2_000_000), expected=1, keep=3)
    assert store.load(KEY).blob == b"old"
    assert sorted(os.listdir(small_disk.folder / KEY)) == ["000000000001.state", "lock"]
    small_disk("size=8m")
    assert store.save(KEY, bytes(2_000_000), expected=1, keep=3) == 2


def test_a_read_only_disk_is_told_and_can_be_read(small_disk):
    store = FileStore(small_disk.folder)
    store.save(KEY, b"old", expected=0, keep=3)
    small_disk("ro")
    for action in (
        lambda: store.save(KEY, b"new", expected=1, keep=3),
        lambda: store.save("persistence_0_0_1", b"new", expected=0, keep=3),
        lambda: store.delete(KEY),
        lambda: store.check_writable(KEY),
        lambda: store.check_writable("persistence_0_0_1"),
    ):
        with pytest.raises(StoreError, match="Read-only file system"):
            action()
    assert store.load(KEY).blob == b"old"
    assert store.all_keys() == [KEY]


def test_a_write_that_ends_in_the_middle_leaves_the_old_version_and_no_rest(store, home):
    """A limit of the process, which needs no rights: its file ends after 100 bytes."""
    code = f"""
import resource
from pathlib import Path
from seldon_runtime.builtin.file_store import FileStore
resource.setrlimit(resource.RLIMIT_FSIZE, (100, {resource.RLIM_INFINITY}))
FileStore(Path({str(home.parent)!r})).save({KEY!r}, bytes(1000), expected=1, keep=3)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "StoreError" in done.stderr
    assert "File too large" in done.stderr
    assert store.load(KEY).blob == b"old"
    assert sorted(os.listdir(home)) == ["000000000001.state", "lock"]


# what others have put there


def test_what_a_killed_process_left_half_written_does_no_harm(store, home):
    (home / "partial").write_bytes(b"hal")
    assert store.load(KEY).blob == b"old"
    store.save(KEY, b"new", expected=1, keep=3)
    assert store.load(KEY).blob == b"new"


@pytest.mark.parametrize("name", ["partial", "000000000002.state"])
def test_a_link_in_place_of_a_file_is_not_written_through(store, home, tmp_path, name):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (home / name).symlink_to(victim)
    try:
        store.save(KEY, b"new", expected=None, keep=3)
    except StoreError as error:
        assert name in str(error)  # noqa: PT017 - one of the two may be refused
    assert victim.read_text() == "precious"


def test_a_link_in_place_of_a_version_is_not_read(store, home, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (home / "000000000002.state").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError, match=r"000000000002\.state"):
        store.load(KEY)
    assert store.load(KEY, 1).blob == b"old"


def test_a_link_in_place_of_the_folder_of_a_key_is_not_followed(store, home, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    home.rename(elsewhere)
    home.symlink_to(elsewhere)
    for action in (
        lambda: store.load(KEY),
        lambda: store.save(KEY, b"new", expected=None, keep=1),
        lambda: store.delete(KEY),
        lambda: store.check_writable(KEY),
    ):
        with pytest.raises(StoreError, match=KEY):
            action()
    assert sorted(os.listdir(elsewhere)) == ["000000000001.state", "lock"]
    assert store.all_keys() == []


def test_the_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    FileStore(tmp_path / "link").save(KEY, b"x", expected=0, keep=3)
    assert FileStore(tmp_path / "real").load(KEY).blob == b"x"


def test_a_pipe_in_place_of_a_version_is_not_waited_for(store, home):
    os.mkfifo(home / "000000000002.state")
    with pytest.raises(StoreError, match="is not a regular file"):
        store.load(KEY)


def test_files_and_folders_of_other_names_are_left_alone(store, home):
    (home / "notes.txt").write_text("mine")
    (home / "000000000009.state.bak").write_text("mine")
    for name in ("a%ZZ", "not%2", "spa ce", "%2e%2e"):
        (home.parent / name).mkdir()
        (home.parent / name / "000000000001.state").write_text("?")
    os.mkdir(os.fsencode(home.parent) + b"/\xff\xfe")
    assert store.versions(KEY) == [1]
    assert store.all_keys() == [KEY]
    store.delete(KEY)
    assert (home / "notes.txt").exists()


def test_a_version_beyond_twelve_digits_is_the_newest(store, home):
    (home / "999999999999.state").write_bytes(b"huge")
    assert store.save(KEY, b"newer", expected=None, keep=3) == 1_000_000_000_000
    assert store.load(KEY).blob == b"newer"


# keys


@pytest.mark.parametrize(
    "key",
    [
        "../up",
        "persistence_../../up",
        "/etc/passwd",
        "a/b",
        ".hidden",
        "..a",
        "a\0b",
        "a\nb",
        "Grüße",
        "%41",
        "-",
    ],
)
def test_any_key_stays_in_the_folder(store, tmp_path, key):
    store.save(key, b"x", expected=0, keep=3)
    assert store.load(key).blob == b"x"
    assert store.all_keys() == [key]
    assert os.listdir(tmp_path) == ["state"]
    assert len(os.listdir(tmp_path / "state")) == 1


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_what_is_no_key_is_told(store, key):
    with pytest.raises(StoreError, match="is not a valid key"):
        store.load(key)


def test_a_key_too_long_for_a_file_name_is_told(store, home):
    for action in (lambda: store.load("x" * 300), lambda: store.save("x" * 300, b"x", expected=0, keep=3)):
        with pytest.raises(StoreError, match="File name too long"):
            action()


# rights


def test_files_and_folders_are_private_whatever_the_umask(store, tmp_path):
    before = os.umask(0)
    try:
        store.save(KEY, b"x", expected=0, keep=3)
    finally:
        os.umask(before)
    state = tmp_path / "state"
    modes = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [state, *state.rglob("*")]
    }
    assert modes == {
        "state": 0o700,
        f"state/{KEY}": 0o700,
        f"state/{KEY}/lock": 0o600,
        f"state/{KEY}/000000000001.state": 0o600,
    }


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError, match="taken"):
        FileStore(tmp_path / "taken").save(KEY, b"x", expected=0, keep=3)
