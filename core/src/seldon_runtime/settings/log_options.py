"""The settings of the process log."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.settings.values import Option, option

LOGGING = "Logging"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "WARN", "FATAL", "NOTSET")
"""The names of the module ``logging``, of which the last three are older names and "everything"."""
FORMATS = ("text", "json")


def log_options() -> Sequence[Option]:
    """Return the options that :func:`seldon_runtime.logs.setup.configure` reads, and the access log's."""
    return [
        option(
            "--log-level",
            envvar="SELDON_LOG_LEVEL",
            type=click.Choice(LEVELS, case_sensitive=False),
            default="INFO",
            group=LOGGING,
            common=True,
            help="Lowest level of the messages that are logged.",
        ),
        option(
            "--log-format",
            envvar="SELDON_LOG_FORMAT",
            type=click.Choice(FORMATS, case_sensitive=False),
            default="text",
            group=LOGGING,
            help="Text for people, or one JSON object per line.",
        ),
        option(
            "--access-log/--no-access-log",
            envvar=["SELDON_ACCESS_LOG", "GUNICORN_ACCESS_LOG"],
            default=False,
            group=LOGGING,
            common=True,
            help="Log one line for each finished call.",
        ),
    ]
