"""The settings as they would be, and where each value comes from. A wrong one does not hide the others."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click
from click.core import ParameterSource

from seldon_runtime.plugin_trial import variables_of

_SECRET = re.compile(r"(key|secret|token|password|passwd|credentials?|url)(_|$)")


@dataclass(frozen=True, slots=True)
class Setting:
    """One option: its value as text, unless that is a secret."""

    name: str
    owner: str
    value: Any
    source: str
    """``default``, ``environment SELDON_HOST`` or ``command line --host``."""
    is_secret: bool

    @property
    def shown(self) -> str:
        """The value for people; ``***`` for a secret that is set."""
        if self.value is None:
            return ""
        return "***" if self.is_secret and self.value != "" else str(self.value)


@dataclass(slots=True)
class Effective:
    """All settings, and what is wrong with those that were given."""

    settings: list[Setting] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """By name, as the runtime gets them."""
        return {setting.name: setting.value for setting in self.settings}

    def source_of(self, name: str) -> str:
        """Where the value comes from."""
        return next((setting.source for setting in self.settings if setting.name == name), "default")


def effective(params: Sequence[tuple[str, click.Parameter]], words: Sequence[str]) -> Effective:
    """The settings that a command line and the environment make. A wrong value stays the text that it is.

    Args:
        params: each with whose it is, such as ``the core``; those with wrong values are changed.
        words: of the command line.
    """
    command = click.Command("seldon-run", params=[param for _, param in params], add_help_option=False)
    found = Effective()
    while True:
        lenient: dict[str, Any] = {}
        if found.faults:
            lenient = {"ignore_unknown_options": True, "allow_extra_args": True}
        try:
            context = command.make_context("seldon-run", list(words), **lenient)
            break
        except click.MissingParameter as error:
            if error.param is None:
                raise
            found.faults.append(f"{error.param.opts[0]} is not given, and has no default")
            error.param.required = False
        except click.BadParameter as error:
            param = error.param
            if param is None or (isinstance(param.type, click.types.StringParamType) and not param.callback):
                raise
            why = "" if is_secret(param) else f": {error.format_message()}"
            found.faults.append(f"{param.opts[0]} is wrong{why}")
            param.type, param.callback = click.STRING, None
        except click.UsageError as error:
            if lenient:
                raise
            found.faults.append(f"the command line is wrong: {error.format_message()}")
    for owner, param in params:
        name = str(param.name)
        source = _source_text(context.get_parameter_source(name), param)
        found.settings.append(Setting(name, owner, context.params.get(name), source, is_secret(param)))
    return found


def is_secret(param: click.Parameter) -> bool:
    """Whether its value is not to be shown: its name says so, or click's ``hide_input`` does."""
    return bool(_SECRET.search(str(param.name))) or bool(getattr(param, "hide_input", False))


def _source_text(source: ParameterSource | None, param: click.Parameter) -> str:
    if source is ParameterSource.COMMANDLINE:
        flag = param.opts[0] if param.opts[0].startswith("-") else "argument"
        return f"command line {flag}"
    if source is ParameterSource.ENVIRONMENT:
        named = [variable for variable in variables_of(param) if os.environ.get(variable)]
        return f"environment {named[0]}" if named else "environment"
    return "default"
