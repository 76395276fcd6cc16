"""Text, bytes, images, and plain lists and dicts."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import Any

import numpy as np

from seldon_runtime.component.hints.places import refusal
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import DATA_KINDS, Kind, Payload


def text_in(payload: Payload) -> str:
    """Return the text of a payload: ``strData``, bytes in UTF-8, or the only text of an array."""
    value = payload.value
    if payload.kind is Kind.BINARY:
        try:
            return bytes(value).decode()
        except UnicodeDecodeError as error:
            raise SeldonError(f"binData is not text in UTF-8: {error}") from error
    if payload.kind in DATA_KINDS and np.size(value) == 1:
        value = np.asarray(value).ravel()[0]
    if isinstance(value, str):
        return str(value)
    raise refusal(payload, "one text: strData")


def bytes_in(payload: Payload) -> bytes:
    """Return the bytes of ``binData``, or those of ``strData`` in UTF-8."""
    if payload.kind is Kind.BINARY:
        return bytes(payload.value)
    if payload.kind is Kind.STR:
        return str(payload.value).encode()
    raise refusal(payload, "bytes: binData")


class ImageReader:
    """The conversion of ``binData``, or of an array of bytes with rows, columns and colours, to an image.

    Args:
        limits: the most pixels of an image.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._library = import_module("PIL.Image")

    def __call__(self, payload: Payload) -> Any:
        """Return a ``PIL.Image.Image``, which is read completely.

        Raises:
            SeldonError: BAD_DATA when the payload cannot be read as an image, or has too many pixels.
        """
        if payload.kind in DATA_KINDS:
            pixels = np.asarray(payload.value)
            if pixels.dtype.kind not in "fiu" or (pixels.size and (pixels.min() < 0 or pixels.max() > 255)):
                raise SeldonError("the array has values that are not from 0 to 255, expected an image")
            return self._library.fromarray(pixels.astype(np.uint8))
        try:
            image = self._library.open(BytesIO(bytes_in(payload)))
        except self._library.UnidentifiedImageError:
            raise SeldonError("binData is not an image of a known format") from None
        self._limits.check_values(image.width * image.height, "the image in binData")
        image.load()
        return image
