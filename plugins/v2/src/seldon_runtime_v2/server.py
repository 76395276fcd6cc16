"""The server as it names itself over every transport."""

from __future__ import annotations

from seldon_runtime_v2 import __version__

NAME = "seldon-runtime"
VERSION = __version__
EXTENSIONS = ["binary_tensor_data", "parameters", "statistics", "model_configuration", "model_repository"]
"""Names of Triton's extensions."""
