"""Images of Pillow as PNG files."""

from __future__ import annotations

from io import BytesIO
from typing import Any


def is_image(kind: type) -> bool:
    """Return whether the values of a type are images of Pillow."""
    return all(hasattr(kind, name) for name in ("save", "getbands", "convert", "thumbnail"))


def png_of(image: Any) -> bytes:
    """Return an image as a PNG file.

    Raises:
        TypeError: PNG has no such mode, such as CMYK.
    """
    file = BytesIO()
    try:
        image.save(file, "PNG")
    except OSError as error:
        raise TypeError(f"{error}. Convert it first: image.convert('RGB')") from error
    return file.getvalue()
