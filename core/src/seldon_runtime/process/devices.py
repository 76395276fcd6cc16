"""The GPU of a worker, which user code and its libraries find in the environment."""

from __future__ import annotations

import os

from seldon_runtime.settings.values import Settings

_VARIABLE = "CUDA_VISIBLE_DEVICES"


def show_devices(settings: Settings) -> None:
    """Show user code the devices of this process. Call it before user code is imported.

    CUDA reads the variable when a library first uses it, so that a worker takes memory of its own device
    only. Workers are new interpreters, which inherit nothing from a process that has used CUDA.
    """
    devices, worker = settings["devices"], settings.worker
    if worker.count > 1 and devices:
        devices = devices[worker.index % len(devices) :][:1]
    if devices:
        os.environ[_VARIABLE] = ",".join(devices)
