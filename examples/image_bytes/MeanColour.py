import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from seldon_runtime import SeldonError


class MeanColour:
    """The mean of each colour, 0 to 255, of a picture in any format that Pillow reads."""

    def predict(self, X, features_names):
        if not isinstance(X, bytes):
            raise SeldonError(f"expected the bytes of a picture, got {type(X).__name__}")
        try:
            picture = Image.open(io.BytesIO(X)).convert("RGB")
        except (UnidentifiedImageError, OSError) as error:
            raise SeldonError(f"these bytes are no picture: {error}") from error
        return np.asarray(picture, dtype=float).mean(axis=(0, 1)).reshape(1, 3)

    def class_names(self):
        return ["red", "green", "blue"]
