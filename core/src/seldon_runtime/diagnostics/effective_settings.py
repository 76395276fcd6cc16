"""The values that all settings would have, and their sources. An invalid one does not hide the others."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click
from click.core import ParameterSource

from seldon_runtime.plugins.contributions import variables_of
from seldon_runtime.settings.secrets import HIDDEN, is_secret_name, redacted_setting, shown_setting

_HIDDEN_NAMES = re.compile(r"(^|_)url(_|$)")


@dataclass(frozen=True, slots=True)
class Setting:
    """One option with its value and the source of it."""

    name: str
    owner: str
    value: Any
    source: str
    """``default``, ``environment SELDON_HOST`` or ``command line --host``."""
    is_secret: bool

    @property
    def shown(self) -> str:
        """The value as text without secrets; ``***`` for a secret that is set."""
        if self.is_secret and self.value not in (None, ""):
            return HIDDEN
        return shown_setting(self.name, self.value)

    @property
    def public(self) -> Any:
        """The value for programs; the text of :attr:`shown` if it is a text, since that may hold secrets."""
        return self.shown if self.is_secret or isinstance(self.value, str) else self.value


@dataclass(slots=True)
class Effective:
    """All settings, and the faults in their values."""

    settings: list[Setting] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """The values by name, as the runtime receives them."""
        return {setting.name: setting.value for setting in self.settings}

    def source_of(self, name: str) -> str:
        """Return the source of a value."""
        return next((setting.source for setting in self.settings if setting.name == name), "default")


def effective(params: Sequence[tuple[str, click.Parameter]], words: Sequence[str]) -> Effective:
    """Return the settings that a command line and the environment make. An invalid value stays text.

    Args:
        params: all options, each with the label of its owner; those with invalid values are changed.
        words: the command line.
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
            found.faults.append(f"{error.param.opts[0]} is missing, and has no default")
            error.param.required = False
        except click.BadParameter as error:
            param = error.param
            if param is None or (isinstance(param.type, click.types.StringParamType) and not param.callback):
                raise
            why = "" if is_secret(param) else f": {redacted_setting(error.format_message())}"
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
    """Return whether a value must not be shown, by the option's name or click's ``hide_input``."""
    name = str(param.name)
    if isinstance(param, click.Option) and param.is_flag:
        return False
    return (
        is_secret_name(name) or bool(_HIDDEN_NAMES.search(name)) or bool(getattr(param, "hide_input", False))
    )


def _source_text(source: ParameterSource | None, param: click.Parameter) -> str:
    if source is ParameterSource.COMMANDLINE:
        flag = param.opts[0] if param.opts[0].startswith("-") else "argument"
        return f"command line {flag}"
    if source is ParameterSource.ENVIRONMENT:
        named = [variable for variable in variables_of(param) if os.environ.get(variable)]
        return f"environment {named[0]}" if named else "environment"
    return "default"
