"""The optional libraries that are installed."""

from importlib.util import find_spec

_TF_PRESENT = find_spec("tensorflow") is not None
"""True if TensorFlow is installed. It is not imported."""
