"""A model that answers a prompt word by word, as one that makes tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


class Words:
    def infer(self, inputs: dict[str, Any], parameters: object = None) -> Iterator[dict[str, Any]]:
        for word in inputs["text_input"].item().decode().split():
            yield {"text_output": np.array([f"{word} ".encode()], object)}
