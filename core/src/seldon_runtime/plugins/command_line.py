"""First reading of the command line, before the plugins and their options are known.

The positional words are MODEL_NAME and API_TYPE, in this order. The core's options may stand anywhere.
Any other option belongs to a plugin: the word after it is its value, unless that word begins with ``-``
or the option is written ``--option=value``. So write MODEL_NAME and API_TYPE first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import click

from seldon_runtime.plugins.selection import Selection
from seldon_runtime.settings.options import arguments, mode_options, options


def read_selection(words: Sequence[str], environ: Mapping[str, str]) -> Selection:
    """Return the plugins that a command line and the environment select. Imports no plugin."""
    given, positional = _read(words)
    values: dict[str, Any] = {}
    for param in (*arguments(), *options()):
        if isinstance(param.envvar, str) and (value := environ.get(param.envvar)):
            values[str(param.name)] = value.split() if param.multiple else value
    values |= given
    values |= zip((str(argument.name) for argument in arguments()), positional, strict=False)
    return Selection.of(values)


def _read(words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the core's options on the command line, as text, and the positional words."""
    known = {flag: option for option in (*options(), *mode_options()) for flag in _flags(option)}
    given: dict[str, Any] = {}
    positional: list[str] = []
    rest = deque(words)
    while rest:
        word = rest.popleft()
        if word == "--":
            return given, [*positional, *rest]
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        flag, has_value, value = word.partition("=")
        option = known.get(flag)
        if flag == "--help" or (option is not None and option.is_flag):
            continue
        if not has_value:
            if rest and (not rest[0].startswith("-") or _needs_value(option)):
                value = rest.popleft()
            elif option is None or _needs_value(option):
                continue  # the parser reports the missing value later
            else:
                value = str(option.flag_value)
        if option is not None and option.multiple:
            given.setdefault(str(option.name), []).append(value)
        elif option is not None:
            given[str(option.name)] = value
    return given, positional


def _flags(option: click.Option) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def _needs_value(option: click.Option | None) -> bool:
    """Return whether the option takes the next word as its value, even if it begins with ``-``."""
    return option is not None and not isinstance(option.flag_value, str)
