import threading
from pathlib import Path

import keras


class XorNet:
    """A Keras model, loaded and asked in one and the same thread: nothing need be prepared for others."""

    def load(self):
        self.model = keras.saving.load_model(Path(__file__).with_name("xor.keras"))
        self.loaded_in = threading.get_ident()

    def predict(self, X, features_names):
        return self.model.predict(X, verbose=0)

    def tags(self):
        return {"one_thread": self.loaded_in == threading.get_ident()}
