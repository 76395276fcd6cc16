"""Tests of ``seldon_runtime.component.advice``."""
