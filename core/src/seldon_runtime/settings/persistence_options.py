"""The settings of persistence that hold for every store, and the policy that they make."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from seldon_runtime.errors import StartupError
from seldon_runtime.settings.values import FALSE_WORDS, TRUE_WORDS, Option, Settings, option

logger = logging.getLogger(__name__)

STATE = "State"
AT_START = ("fail", "wait", "fresh")
_SHORTEST_SECRET = 16


def state_options() -> Sequence[Option]:
    """Return the options of persistence; those of a store come from its plugin."""
    return [
        option(
            "--persistence",
            envvar="PERSISTENCE",
            default="0",
            is_flag=False,
            flag_value="1",
            callback=lambda ctx, param, value: switch(value),
            group=STATE,
            common=True,
            help="Store of the component's state: 0 for none, 1 for Redis, file, or another plugin's name.",
        ),
        option(
            "--persistence-interval",
            "persistence_interval_s",
            envvar="PERSISTENCE_INTERVAL_S",
            type=click.FloatRange(0.1, 86_400 * 365),
            group=STATE,
            help="Seconds between saves of changed state; the parameter push_frequency sets it too."
            "  [default: 60]",
        ),
        option(
            "--persistence-versions",
            envvar="PERSISTENCE_VERSIONS",
            type=click.IntRange(1, 1000),
            default=3,
            group=STATE,
            help="Number of versions of the state to keep.",
        ),
        option(
            "--persistence-secret-key",
            envvar="PERSISTENCE_SECRET_KEY",
            group=STATE,
            help="Secret that signs the state; only state signed with it is restored. "
            "Set the variable instead of this option: other users can read command lines.",
        ),
        option(
            "--persistence-require-signature/--no-persistence-require-signature",
            envvar="PERSISTENCE_REQUIRE_SIGNATURE",
            default=False,
            group=STATE,
            help="Refuse to start with persistence but without a secret.",
        ),
        option(
            "--persistence-at-start",
            envvar="PERSISTENCE_AT_START",
            type=click.Choice(AT_START, case_sensitive=False),
            default="fail",
            group=STATE,
            help="If the store does not answer at the start: fail, wait for it, or start fresh.",
        ),
        option(
            "--persistence-wait",
            "persistence_wait_s",
            envvar="PERSISTENCE_WAIT_S",
            type=click.FloatRange(0, 86_400),
            default=60.0,
            group=STATE,
            help="Seconds to wait for the store at the start.",
        ),
    ]


def switch(text: str) -> str:
    """Return ``0`` or ``1`` for a boolean word, as PERSISTENCE may be written; else the text itself.

    >>> switch("False"), switch("on"), switch("redis")
    ('0', '1', 'redis')
    """
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return "1"
    return "0" if word in FALSE_WORDS else text


class StatePolicy(NamedTuple):
    """How state is saved and restored, whatever the store."""

    interval_s: float = 60.0
    versions: int = 3
    secret: bytes | None = None
    at_start: str = "fail"
    wait_s: float = 60.0
    is_read_only: bool = False
    """True for ``--check``: state is restored, but nothing in the store changes."""


def require_alone(settings: Settings) -> None:
    """Raise StartupError when several objects would share one key."""
    for setting, what in (("workers", "worker processes"), ("threads", "component threads")):
        if (count := settings[setting]) > 1:
            raise StartupError(
                f"persistence with {count} {what} is not possible: each would learn for itself, and "
                f"their states cannot be merged. Set --{setting} 1, or PERSISTENCE=0"
            )


def policy_from(settings: Settings, parameters: dict[str, Any]) -> StatePolicy:
    """Return the policy that the settings make.

    Raises:
        StartupError: a signature is required and there is no secret, or several objects would share one key.
    """
    require_alone(settings)
    secret: str | None = settings["persistence_secret_key"]
    if not secret:
        if settings["persistence_require_signature"]:
            raise StartupError(
                "PERSISTENCE_REQUIRE_SIGNATURE is set, but PERSISTENCE_SECRET_KEY is not: "
                "set it to a long random text, or do not require signatures"
            )
        logger.warning(
            "PERSISTENCE_SECRET_KEY is not set: state is neither signed nor checked, and whoever can "
            "write to the store can run code in this process, since restoring it unpickles it"
        )
    elif len(secret) < _SHORTEST_SECRET:
        logger.warning(
            "PERSISTENCE_SECRET_KEY has only %d characters; use %d random ones or more",
            len(secret),
            _SHORTEST_SECRET,
        )
    return StatePolicy(
        interval_s=settings["persistence_interval_s"] or _push_frequency(parameters) or 60.0,
        versions=settings["persistence_versions"],
        secret=secret.encode() if secret else None,
        at_start=settings["persistence_at_start"],
        wait_s=settings["persistence_wait_s"],
    )


def _push_frequency(parameters: dict[str, Any]) -> float | None:
    """Return the old wrapper's setting, a parameter that the user's class receives too."""
    value = parameters.get("push_frequency")
    if value is None:
        return None
    if isinstance(value, int | float) and value > 0:
        return float(value)
    raise StartupError(f"the parameter push_frequency is {value!r}, expected a number of seconds above 0")
