"""Text, bytes, images, and plain lists and dicts."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.hints.places import place_of, refusal
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import DATA_KINDS, Kind, Payload


def text_in(payload: Payload) -> str:
    """Return the text of a payload: ``strData``, bytes in UTF-8, or the only text of an array."""
    value = payload.value
    if payload.kind is Kind.BINARY or isinstance(value, bytes):  # also strData of V2 that is not UTF-8
        try:
            return bytes(value).decode()
        except UnicodeDecodeError as error:
            raise SeldonError(f"{place_of(payload)} is not text in UTF-8: {error}") from error
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
            return self._library.fromarray(_pixels(payload))
        try:
            image = self._library.open(BytesIO(bytes_in(payload)))
        except self._library.UnidentifiedImageError:
            raise SeldonError(
                f"{place_of(payload)} is not an image of a known format, expected a file in binData"
            ) from None
        self._limits.check_values(image.width * image.height, f"the image in {place_of(payload)}")
        image.load()
        return image


def _pixels(payload: Payload) -> NDArray[np.uint8]:
    """Return an array of rows and columns, with 3 or 4 colours or with one, which has no dimension."""
    array, place = np.asarray(payload.value), place_of(payload)
    if not array.size or array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (3,), (4,)):
        raise SeldonError(
            f"{place} has the shape {list(array.shape)}, expected an image: [rows, columns], or a third "
            "size of 1, 3 or 4"
        )
    if array.dtype.kind not in "fiu" or not np.all(
        (array >= 0) & (array <= 255) & (array == np.trunc(array))
    ):
        raise SeldonError(
            f"{place} has values that are not from 0 to 255, whole numbers, expected an image. Multiply an "
            "image with values from 0 to 1 by 255"
        )
    return array.reshape(array.shape[:2] if array.shape[2:] == (1,) else array.shape).astype(np.uint8)
