"""Wrong words on the command line, with the words to write in their place."""

from __future__ import annotations

import click
from click.core import ParameterSource

from seldon_runtime.plugins import registry
from seldon_runtime.plugins.selection import Selection

WHERE_OPTIONS_STAND = (
    "Write MODEL_NAME and API_TYPE first. seldon-run --help-all lists the options; a plugin's options exist "
    "only while the plugin is selected"
)
"""The remedy for an option that is not known, or that takes another word."""


def check_text(context: click.Context) -> None:
    """Raise BadParameter for a value that is not UTF-8: names and metadata in answers would be invalid."""
    for param in context.command.params:
        value = context.params.get(str(param.name))
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
                raise click.BadParameter(f"{text!a} is not valid UTF-8 text", context, param)


def refuse_two_api_types(context: click.Context) -> None:
    """Raise UsageError if the argument and the option name different transports."""
    argument, option = context.params["api_types"], context.params["api_type"]
    is_given = context.get_parameter_source("api_type") is ParameterSource.COMMANDLINE
    if argument and is_given and argument.lower() != option.lower():
        raise click.UsageError(
            f"--api-type is {option}, but API_TYPE is {argument}. Name all transports in one of them: "
            f"{option},{argument}",
            context,
        )


def refuse_further_words(context: click.Context) -> None:
    """Raise UsageError for words behind MODEL_NAME and API_TYPE."""
    if not context.args:
        return
    first, installed = context.args[0], registry.installed_names(registry.TRANSPORT)
    remedy = "Settings are options, which begin with --"
    if first.lower() in installed:
        transports = (*Selection.of(context.params).transports, first.lower())
        remedy = f"Write several transports as one word: {','.join(transports)}"
    raise click.UsageError(f"unexpected word {first!r} behind MODEL_NAME and API_TYPE. {remedy}", context)
