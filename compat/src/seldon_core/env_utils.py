"""Environment variables: the component's names in its deployment, and others of user classes."""

from __future__ import annotations

import json
import os
from typing import TypeVar

from seldon_runtime.plugin import Identity

ENV_MODEL_NAME = "PREDICTIVE_UNIT_ID"
ENV_MODEL_IMAGE = "PREDICTIVE_UNIT_IMAGE"
ENV_SELDON_DEPLOYMENT_NAME = "SELDON_DEPLOYMENT_ID"
ENV_PREDICTOR_NAME = "PREDICTOR_ID"
ENV_PREDICTOR_LABELS = "PREDICTOR_LABELS"

NONIMPLEMENTED_MSG = "NOT_IMPLEMENTED"
"""The value of names that are not set."""
NONIMPLEMENTED_IMAGE_MSG = f"{NONIMPLEMENTED_MSG}:{NONIMPLEMENTED_MSG}"

T = TypeVar("T")


def get_model_name(default_val: str = NONIMPLEMENTED_MSG) -> str:
    """Return PREDICTIVE_UNIT_ID."""
    return os.environ.get(ENV_MODEL_NAME, default_val)


def get_image_name(default_val: str = NONIMPLEMENTED_IMAGE_MSG) -> str:
    """Return PREDICTIVE_UNIT_IMAGE, with its tag."""
    return os.environ.get(ENV_MODEL_IMAGE, default_val)


def get_deployment_name(default_val: str = NONIMPLEMENTED_MSG) -> str:
    """Return SELDON_DEPLOYMENT_ID."""
    return os.environ.get(ENV_SELDON_DEPLOYMENT_NAME, default_val)


def get_predictor_name(default_val: str = NONIMPLEMENTED_MSG) -> str:
    """Return PREDICTOR_ID."""
    return os.environ.get(ENV_PREDICTOR_NAME, default_val)


def get_predictor_version(default_val: str = NONIMPLEMENTED_MSG) -> str:
    """Return ``version`` of PREDICTOR_LABELS."""
    return identity().predictor_labels.get("version", default_val)


def get_request_path() -> dict[str, str]:
    """Return the component's entry of ``meta.requestPath``: its image by its name; empty without a name."""
    return {os.environ[ENV_MODEL_NAME]: get_image_name()} if ENV_MODEL_NAME in os.environ else {}


def identity() -> Identity:
    """Return all names."""
    return Identity(
        unit=os.environ.get(ENV_MODEL_NAME),
        image=os.environ.get(ENV_MODEL_IMAGE),
        deployment=os.environ.get(ENV_SELDON_DEPLOYMENT_NAME),
        predictor=os.environ.get(ENV_PREDICTOR_NAME),
        predictor_labels=json.loads(os.environ.get(ENV_PREDICTOR_LABELS) or "{}"),
    )


def shows_metrics() -> bool:
    """Return whether answers show custom metrics, which INCLUDE_METRICS_IN_CLIENT_RESPONSE says."""
    return os.environ.get("INCLUDE_METRICS_IN_CLIENT_RESPONSE", "true").strip().lower() == "true"


def getenv(*env_vars: str, default: T | None = None) -> str | T | None:
    """Return the value of the first of these variables that is set."""
    return next((os.environ[name] for name in env_vars if name in os.environ), default)


def getenv_as_bool(*env_vars: str, default: bool = False) -> bool:
    """Return whether the first of these variables that is set is ``1``, ``t`` or ``true``, in any case."""
    value = getenv(*env_vars)
    return default if value is None else value.lower() in ("1", "t", "true")
