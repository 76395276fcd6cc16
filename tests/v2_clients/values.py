"""An array for each datatype."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ARRAYS: dict[str, NDArray[Any]] = {
    "BOOL": np.array([[True, False, True]]),
    **{
        f"{prefix}{8 * size}": np.array(
            [np.iinfo(f"{kind}{size}").min, 1, np.iinfo(f"{kind}{size}").max], f"{kind}{size}"
        )
        for prefix, kind in (("UINT", "u"), ("INT", "i"))
        for size in (1, 2, 4, 8)
    },
    "FP16": np.array([[0.5], [-2.25]], "f2"),
    "FP32": np.arange(2000, dtype="f4").reshape(1000, 2) / 3,
    "FP64": np.array([np.nan, 0.1, -1e300]),
    "BYTES": np.array(["a", "日本", ""], object),
}


def as_text(array: NDArray[Any]) -> NDArray[Any]:
    """Return text for an array of ``bytes``, which clients give for BYTES; another array as it is."""
    if array.dtype != object:
        return array
    texts = [each.decode() if isinstance(each, bytes) else each for each in array.reshape(-1).tolist()]
    return np.array(texts, object).reshape(array.shape)
