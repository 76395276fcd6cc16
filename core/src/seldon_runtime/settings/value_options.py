"""The settings of values: their form in answers, and in the arrays that a class receives."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.settings.values import Option, option

VALUES = "Values"


def value_options() -> Sequence[Option]:
    """Return the options that every transport obeys in the same way."""
    return [
        option(
            "--arrays",
            envvar="SELDON_ARRAYS",
            type=click.Choice(["v1", "faithful"], case_sensitive=False),
            default="v1",
            group=VALUES,
            help="Arrays from numbers mixed with text: v1 turns the numbers into text; faithful "
            "keeps every value, and reads null among numbers as NaN.",
        ),
        option(
            "--type-hints",
            envvar="SELDON_TYPE_HINTS",
            type=click.Choice(["convert", "ignore"], case_sensitive=False),
            default="convert",
            group=VALUES,
            help="Convert requests to the types in the hints of a method, or ignore the hints.",
        ),
        option(
            "--check-inputs/--no-check-inputs",
            envvar="SELDON_CHECK_INPUTS",
            default=False,
            group=VALUES,
            help="Refuse requests that do not match the inputs in the component's metadata.",
        ),
        option(
            "--non-finite",
            envvar="SELDON_NON_FINITE",
            type=click.Choice(["null", "string", "error"], case_sensitive=False),
            default="null",
            group=VALUES,
            help='NaN and infinities in answers: null, texts such as "NaN", or an error.',
        ),
    ]
