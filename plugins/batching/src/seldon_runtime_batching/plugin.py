"""The hooks of the batching plugin."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.plugin import Batcher, Settings, StartupError, Unit, hookimpl, option
from seldon_runtime_batching.batcher import RowBatcher
from seldon_runtime_batching.marks import Marks
from seldon_runtime_batching.prediction import Policy


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options of batches."""
    return [
        option(
            "--batch-max-size",
            envvar="SELDON_BATCH_MAX_SIZE",
            type=click.IntRange(1),
            default=32,
            help="Most rows of a batch. A request with more rows runs alone.",
        ),
        option(
            "--batch-max-wait-ms",
            envvar="SELDON_BATCH_MAX_WAIT_MS",
            type=click.FloatRange(0, 60_000),
            default=0.0,
            help="Milliseconds that a call may wait for others while the component is idle.",
        ),
        option(
            "--batch-preferred-sizes",
            envvar="SELDON_BATCH_PREFERRED_SIZES",
            default="",
            help="Preferred sizes of batches, such as 8,16,32. A batch takes the largest for which "
            "enough rows wait.",
        ),
        option(
            "--batch-on-error",
            envvar="SELDON_BATCH_ON_ERROR",
            type=click.Choice(["split", "fail"]),
            default="split",
            help="After an error in a batch: call the method again for each half, or fail all calls of "
            "the batch.",
        ),
        option(
            "--batch-on-mismatch",
            envvar="SELDON_BATCH_ON_MISMATCH",
            type=click.Choice(["fail", "alone"]),
            default="fail",
            help="When an answer has more or fewer rows than the batch: fail its calls, or answer each "
            "alone.",
        ),
    ]


@hookimpl
def seldon_batcher(unit: Unit, settings: Settings) -> Batcher | None:
    """Return the batcher of a component; None for a class that wants no batches.

    Raises:
        StartupError: a preferred size is not a number, or above the largest size; the class has
            ``predict_batch`` and async methods.
    """
    marks = Marks(unit.user, unit.service_type)
    if not marks.methods:
        return None
    if marks.predict_batch is not None and unit.predictor.is_async:
        raise StartupError(
            f"{unit.class_name} has predict_batch and async methods, expected one of them: predict_batch "
            "would run beside the component's event loop"
        )
    most: int = settings["batch_max_size"]
    policy = Policy(
        most_rows=most,
        preferred=_sizes(settings["batch_preferred_sizes"], most),
        splits=settings["batch_on_error"] == "split",
        retries_alone=settings["batch_on_mismatch"] == "alone",
    )
    return RowBatcher(marks, policy, unit.identity, settings["batch_max_wait_ms"] / 1000)


def _sizes(text: str, most: int) -> tuple[int, ...]:
    """Return the preferred sizes, the largest first."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= most for word in words):
        raise StartupError(
            f"--batch-preferred-sizes (SELDON_BATCH_PREFERRED_SIZES) is {text!r:.80}, expected numbers "
            f"from 1 to {most} (--batch-max-size) with commas, such as 8,16"
        )
    return tuple(sorted(map(int, words), reverse=True))
