"""The size of NumPy's arrays of text, which give every value the width of the longest.

One long text among many short values would make an array hundreds of times larger than its request. Values
whose array would be that large stay an array of objects.
"""

from __future__ import annotations

_CHARACTER_BYTES, _POINTER_BYTES = 4, 8
NUMBER_WIDTH = 32
"""The characters that NumPy reserves for a number beside text."""
_SMALL_BYTES = 1024 * 1024
_LARGEST_BYTES = 256 * 1024 * 1024
_MOST_GROWTH = 12
"""The largest ratio of an array's characters to those of its values, each with one more."""
_NUMBER_CHARACTERS = 3
"""The characters of a number that count as its own, so that numbers such as ``1.5`` may become text."""


def is_too_wide(texts: int, characters: int, longest: int, numbers: int) -> bool:
    """Return whether an array of text would be many times larger than its values.

    Args:
        texts: the number of texts.
        characters: the length of all texts together.
        longest: the length of the longest text.
        numbers: the number of values beside the texts.
    """
    width = max(1, longest, NUMBER_WIDTH if numbers else 0)
    return _size(texts + numbers, width) > _most(texts + numbers, characters + numbers * _NUMBER_CHARACTERS)


def text_array_memory(values: int, characters: int, longest: int, *, has_numbers: bool) -> int:
    """Return the most bytes of the array of objects and of the array of text that values may become."""
    width = max(1, longest, NUMBER_WIDTH if has_numbers else 0)
    most = _most(values, characters + (values * _NUMBER_CHARACTERS if has_numbers else 0))
    return values * _POINTER_BYTES + min(_size(values, width), most)


def _size(values: int, width: int) -> int:
    return values * width * _CHARACTER_BYTES


def _most(values: int, characters: int) -> int:
    growth_limit = _MOST_GROWTH * (characters + values) * _CHARACTER_BYTES
    return min(max(_SMALL_BYTES, growth_limit), _LARGEST_BYTES)
