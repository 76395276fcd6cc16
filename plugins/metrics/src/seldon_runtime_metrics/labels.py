"""The labels that every custom metric carries: who the component is in its deployment."""

from __future__ import annotations

from collections.abc import Mapping

from seldon_runtime.identity import NOT_IMPLEMENTED, Identity


def identity_labels(identity: Identity) -> dict[str, str]:
    """Label names and values, ``NOT_IMPLEMENTED`` for what is not set (protocol notes, section Metrics)."""
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
    """:func:`identity_labels` and their old names, which existing dashboards use."""
    labels: Mapping[str, str] = identity_labels(identity)
    return {
        **labels,
        "seldon_deployment_name": labels["deployment_name"],
        "image_name": labels["model_image"],
        "image_version": labels["model_version"],
    }


def _split(image: str) -> tuple[str, str]:
    """Name and tag; a colon before the last slash belongs to a registry's port."""
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "")
