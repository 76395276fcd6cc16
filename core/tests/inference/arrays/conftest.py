"""Tests of ``seldon_runtime.inference.arrays``."""
