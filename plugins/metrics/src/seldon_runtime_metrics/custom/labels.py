"""The labels that every custom metric carries: the component's identity in its deployment."""

from __future__ import annotations

from collections.abc import Mapping

from seldon_runtime.plugin import Identity

NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
"""The value of unset labels."""


def identity_labels(identity: Identity) -> dict[str, str]:
    """Return label names and values; unset ones are ``NOT_IMPLEMENTED`` (protocol notes, section Metrics)."""
    image, version = _split(identity.image or "")
    return {
        "deployment_name": identity.deployment or NOT_IMPLEMENTED,
        "model_name": identity.unit or NOT_IMPLEMENTED,
        "model_image": image or NOT_IMPLEMENTED,
        "model_version": version or NOT_IMPLEMENTED,
        "predictor_name": identity.predictor or NOT_IMPLEMENTED,
        "predictor_version": identity.predictor_labels.get("version") or NOT_IMPLEMENTED,
    }


def custom_labels(identity: Identity) -> dict[str, str]:
    """Return :func:`identity_labels` and their older names, which existing dashboards use."""
    labels: Mapping[str, str] = identity_labels(identity)
    return {
        **labels,
        "seldon_deployment_name": labels["deployment_name"],
        "image_name": labels["model_image"],
        "image_version": labels["model_version"],
    }


def _split(image: str) -> tuple[str, str]:
    """Return name and tag; a colon before the last slash belongs to a registry's port."""
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "")
