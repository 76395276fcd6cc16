"""The user's object to a pickle and back, and what is said when it cannot be."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seldon_runtime.persistence import pickling
from seldon_runtime.persistence.pickling import (
    PicklingFailed,
    UnpicklingFailed,
    class_path,
    class_version,
    dumps,
    loads,
)
from seldon_runtime.persistence.snapshot import Snapshot


class Plain:
    pass


class Slotted:
    __slots__ = ("lock",)


class Careful:
    def __init__(self):
        self.kept = 1
        self.lock = threading.Lock()

    def __getstate__(self):
        return {"kept": self.kept}


class Raises:
    def __getstate__(self):
        raise RuntimeError("not now")


class Breaks:
    def __setstate__(self, state):
        raise SystemExit("broken")


def test_getstate_is_honoured():
    assert vars(loads(dumps(Careful()), Careful)) == {"kept": 1}


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (lambda bad: {"lock": bad}, r"self\.lock"),
        (lambda bad: {"models": [1, {"a": bad}]}, r"self\.models\[1\]\['a'\]"),
        (lambda bad: {"pair": (bad,)}, r"self\.pair\[0\]"),
    ],
)
def test_the_innermost_part_that_cannot_be_pickled_is_named(place, path):
    user = Plain()
    vars(user).update(place(threading.Lock()))
    with pytest.raises(PicklingFailed, match=rf"^{path} \(lock\) cannot be pickled: TypeError"):
        dumps(user)


def test_attributes_of_parts_and_slots_are_named():
    user = Plain()
    user.part = Slotted()
    user.part.lock = threading.Lock()
    with pytest.raises(PicklingFailed, match=r"^self\.part\.lock \(lock\)"):
        dumps(user)


def test_a_getstate_that_raises_is_named_by_the_object():
    with pytest.raises(PicklingFailed, match=r"^self \(Raises\) cannot be pickled: RuntimeError: not now"):
        dumps(Raises())


def test_a_circle_does_not_end_the_search():
    user = Plain()
    user.me = user
    user.lock = threading.Lock()
    with pytest.raises(PicklingFailed, match="cannot be pickled"):
        dumps(user)


def test_a_pickle_of_another_class_is_refused():
    with pytest.raises(UnpicklingFailed, match=r"is a pickle of .*:Careful, expected .*:Plain"):
        loads(dumps(Careful()), Plain)


@pytest.mark.parametrize("payload", [b"", b"\x80", pickle.dumps(Breaks())])
def test_whatever_unpickling_comes_to_is_told(payload):
    if payload[1:]:
        user = Breaks()
        user.a = 1
        payload = pickle.dumps(user)
    with pytest.raises(UnpicklingFailed, match="cannot be unpickled"):
        loads(Snapshot(payload), Breaks)


def test_the_path_and_the_version_of_a_class():
    class Inner:
        state_version = 3

    assert class_path(Inner).endswith(":test_the_path_and_the_version_of_a_class.<locals>.Inner")
    assert class_version(Inner) == "3"
    assert class_version(Plain) is None


def with_array(array):
    user = Plain()
    user.array = array
    return user


LARGE = np.arange(pickling.ASIDE_BYTES // 8, dtype=float)


def test_a_large_array_stands_beside_the_pickle_and_a_small_one_in_it():
    snapshot = dumps(with_array([LARGE, LARGE[:-1]]))
    assert [len(buffer) for buffer in snapshot.buffers] == [LARGE.nbytes]
    assert snapshot.size == sum(map(len, snapshot.pieces))


KINDS = [np.float64, np.dtype(">f4"), np.int8, np.bool_, np.complex128, "U3", "M8[s]", "i4,f8"]


@given(
    arrays.arrays(st.sampled_from(KINDS), arrays.array_shapes(min_dims=0, max_dims=3, min_side=0), fill=None),
    st.sampled_from(["C", "F"]),
    st.booleans(),
)
def test_arrays_come_back_as_pickle_alone_brings_them(array, order, writable):
    array = np.array(array, order=order)
    array.flags.writeable = writable
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pickling, "ASIDE_BYTES", 1)
        found = loads(dumps(with_array(array)), Plain).array
    alone = pickle.loads(pickle.dumps(array, pickling.PROTOCOL))
    assert found.tobytes() == array.tobytes()
    assert (found.dtype, found.shape, str(found.flags)) == (alone.dtype, alone.shape, str(alone.flags))


def test_a_snapshot_does_not_change_when_the_object_does():
    user = with_array(LARGE.copy())
    snapshot = dumps(user)
    digest = snapshot.digest()
    user.array[:] = -1
    assert snapshot.digest() == digest != dumps(user).digest()
    np.testing.assert_array_equal(loads(snapshot, Plain).array, LARGE)


def test_what_is_restored_does_not_change_the_snapshot_nor_another_restored_object():
    snapshot = dumps(with_array(LARGE))
    loads(snapshot, Plain).array[:] = -1
    np.testing.assert_array_equal(loads(snapshot, Plain).array, LARGE)


def test_an_array_that_is_there_twice_is_one_array_afterwards():
    array = LARGE.copy()
    snapshot = dumps(with_array([array, array]))
    assert len(snapshot.buffers) == 1
    one, other = loads(snapshot, Plain).array
    assert one is other


def test_very_many_arrays_stay_in_the_pickle(monkeypatch):
    monkeypatch.setattr(pickling, "ASIDE_BYTES", 1)
    monkeypatch.setattr(pickling, "MOST_ASIDE", 3)
    snapshot = dumps(with_array([np.array([number]) for number in range(10)]))
    assert len(snapshot.buffers) == 3
    assert [int(array[0]) for array in loads(snapshot, Plain).array] == list(range(10))


@pytest.mark.parametrize("wrong", [(), (b"short",)])
def test_buffers_that_do_not_fit_the_pickle_are_told(wrong):
    with pytest.raises(UnpicklingFailed, match="cannot be unpickled"):
        loads(Snapshot(dumps(with_array(LARGE)).pickle, wrong), Plain)
