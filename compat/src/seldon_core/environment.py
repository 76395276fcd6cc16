"""Environment variables, as user classes read them."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def getenv(*env_vars: str, default: T | None = None) -> str | T | None:
    """The value of the first of these variables that is set."""
    return next((os.environ[name] for name in env_vars if name in os.environ), default)


def getenv_as_bool(*env_vars: str, default: bool = False) -> bool:
    """Whether the first of these variables that is set is ``1``, ``t`` or ``true``, in any case."""
    value = getenv(*env_vars)
    return default if value is None else value.lower() in ("1", "t", "true")
