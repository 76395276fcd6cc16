"""The user's object to a pickle and back, and what is said when it cannot be."""

from __future__ import annotations

import pickle
import threading

import pytest

from seldon_runtime.pickling import PicklingFailed, UnpicklingFailed, class_path, class_version, dumps, loads


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
    with pytest.raises(UnpicklingFailed, match=r"is a pickle of .*:Careful, not of .*:Plain"):
        loads(dumps(Careful()), Plain)


@pytest.mark.parametrize("payload", [b"", b"\x80", pickle.dumps(Breaks())])
def test_whatever_unpickling_comes_to_is_told(payload):
    if payload[1:]:
        user = Breaks()
        user.a = 1
        payload = pickle.dumps(user)
    with pytest.raises(UnpicklingFailed, match="cannot be unpickled"):
        loads(payload, Breaks)


def test_the_path_and_the_version_of_a_class():
    class Inner:
        state_version = 3

    assert class_path(Inner).endswith(":test_the_path_and_the_version_of_a_class.<locals>.Inner")
    assert class_version(Inner) == "3"
    assert class_version(Plain) is None
