"""The hooks of the plugin."""

from __future__ import annotations

from collections.abc import Sequence

import click
from seldon_my_name.batcher import MyNameBatcher

from seldon_runtime.plugin import Batcher, Settings, hookimpl, option


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options; the hook below finds their values in ``settings["my_name_size"]`` and so on."""
    size = option(
        "--my-name-size",
        envvar="SELDON_MY_NAME_SIZE",
        type=click.IntRange(1),
        default=32,
        help="Most calls of a batch.",
    )
    wait = option(
        "--my-name-wait-s",
        envvar="SELDON_MY_NAME_WAIT_S",
        type=click.FloatRange(0),
        default=0.0,
        help="Seconds that an idle component waits for more calls.",
    )
    return [size, wait]


@hookimpl
def seldon_batcher(settings: Settings) -> Batcher:
    """Return the batcher."""
    return MyNameBatcher(settings["my_name_size"], settings["my_name_wait_s"])
