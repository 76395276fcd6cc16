"""Tests of ``seldon_runtime_tools.deployment``."""
