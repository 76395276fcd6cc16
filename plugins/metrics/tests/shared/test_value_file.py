"""Files that prometheus-client reads, and that never have a number without room on the disk."""

from __future__ import annotations

import resource
import struct
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.mmap_dict import MmapedDict

from seldon_runtime_metrics.shared.value_file import ValueFile


def read(path):
    """As prometheus-client does."""
    return {name: (value, time) for name, value, time, _ in MmapedDict.read_all_values_from_file(str(path))}


@contextmanager
def no_file_larger_than(size):
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def names(number, length=100):
    return [f"{index:0{length}}" for index in range(number)]


def test_prometheus_client_reads_what_was_written(tmp_path):
    path = tmp_path / "file"
    numbers, (first, second) = ValueFile(path).place(["a", "with ümlaut"])
    numbers[first] += 2.5
    numbers[second], numbers[second + 1] = 7.0, 1234.5
    assert read(path) == {"a": (2.5, 0.0), "with ümlaut": (7.0, 1234.5)}


def test_the_file_is_what_prometheus_client_would_have_written(tmp_path):
    own, reference = tmp_path / "own", tmp_path / "reference"
    ours, theirs = ValueFile(own), MmapedDict(str(reference))
    for length in range(1, 300):
        ours.place(["a" * length, "b" * length])
        theirs.read_value("a" * length)
        theirs.read_value("b" * length)
    theirs.close()
    (used,) = struct.unpack_from("i", reference.read_bytes())
    assert own.read_bytes()[:used] == reference.read_bytes()[:used]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), unique=True, max_size=40))
def test_any_names_come_back(tmp_path_factory, wanted):
    path = tmp_path_factory.mktemp("any") / "file"
    file = ValueFile(path)
    for position, name in enumerate(wanted):
        numbers, (place,) = file.place([name])
        numbers[place] = position
    assert {name: value for name, (value, _) in read(path).items()} == {
        name: position for position, name in enumerate(wanted)
    }


def test_numbers_stay_where_they_are_when_the_file_grows(tmp_path):
    path = tmp_path / "file"
    file = ValueFile(path)
    early, (place,) = file.place(["early"])
    late, places = file.place(names(1000))
    early[place] += 1
    late[places[-1]] += 2
    assert file.place(["early"])[0][place] == 1
    assert read(path)["early"] == (1, 0)
    assert read(path)[names(1000)[-1]] == (2, 0)


def test_a_successor_goes_on_with_what_it_finds(tmp_path):
    path = tmp_path / "file"
    numbers, (place,) = ValueFile(path).place(["a"])
    numbers[place] = 3
    again = ValueFile(path)
    assert set(again.names) == {"a"}
    numbers, (place, new) = again.place(["a", "b"])
    numbers[place] += 1
    assert (numbers[place], numbers[new]) == (4, 0)


def test_every_byte_has_room_on_the_disk(tmp_path):
    path = tmp_path / "file"
    file = ValueFile(path)
    for number in (1, 1000):
        file.place(names(number))
        assert path.stat().st_blocks * 512 >= path.stat().st_size


def test_where_there_is_no_room_for_more_nothing_changes(tmp_path):
    path = tmp_path / "file"
    file = ValueFile(path)
    numbers, (place,) = file.place(["a"])
    size = path.stat().st_size
    with no_file_larger_than(size + 5000), pytest.raises(OSError, match="File too large"):
        file.place(names(1000))
    assert path.stat().st_size == size
    numbers[place] += 1
    assert read(path) == {"a": (1, 0)}
    file.place(names(1000))
    assert len(read(path)) == 1001


@pytest.mark.parametrize(
    ("position", "damage"),
    [
        (0, struct.pack("i", 100_000)),
        (8, struct.pack("i", 100_000)),
        (8, struct.pack("i", -32)),
        (12, b"\xff"),
    ],
    ids=["more than there is", "a name that is too long", "a name shorter than nothing", "no UTF-8"],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, position, damage):
    path = tmp_path / "file"
    ValueFile(path).place(names(10))
    with path.open("r+b") as file:
        file.seek(position)
        file.write(damage)
    with pytest.raises(ValueError, match=r"file is damaged .*: remove it"):
        ValueFile(path)


def test_a_file_that_was_cut_is_made_whole(tmp_path):
    """By a crash while it grew."""
    path = tmp_path / "file"
    ValueFile(path).place(["a"])
    with path.open("r+b") as file:
        file.truncate(5001)
    ValueFile(path).place(["b"])
    assert set(read(path)) == {"a", "b"}
