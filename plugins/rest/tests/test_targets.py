from __future__ import annotations

import pytest

from seldon_runtime_rest.targets import merged_slashes, parts_of


@pytest.mark.parametrize(
    ("path", "merged"), [("/a/b", "/a/b"), ("//a///b//", "/a/b/"), ("/", "/"), ("//", "/")]
)
def test_repeated_slashes_are_one(path: str, merged: str) -> None:
    assert merged_slashes(path) == merged


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/a%20b?c=d%20", ("/a%20b", "c=d%20")),
        (b"/a", ("/a", "")),
        (b"http://host:80/a?b", ("/a", "b")),
    ],
)
def test_a_target_has_a_path_and_a_query_which_are_not_decoded(target: bytes, parts: tuple[str, str]) -> None:
    assert parts_of(target) == parts


@pytest.mark.parametrize("target", [b"", b"http://host", b"/\xff"])
def test_a_target_without_a_path_is_refused(target: bytes) -> None:
    with pytest.raises(ValueError, match="expected a path"):
        parts_of(target)
