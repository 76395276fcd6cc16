"""Fit a small network to the exclusive or, and write it to xor.keras."""

from pathlib import Path

import keras
import numpy as np

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
y = np.array([[0], [1], [1], [0]], dtype="float32")


def main() -> None:
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    model.fit(X, y, epochs=300, batch_size=4, verbose=0)
    model.save(Path(__file__).with_name("xor.keras"))


if __name__ == "__main__":
    main()
