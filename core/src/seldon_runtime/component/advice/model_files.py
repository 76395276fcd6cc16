"""References that name a model instead of a class, and the class that would serve it."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from seldon_runtime.errors import StartupError

_URI = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_READERS = {
    ".joblib": "joblib.load({!r})",
    ".pkl": "pickle.load(open({!r}, 'rb'))",
    ".pickle": "pickle.load(open({!r}, 'rb'))",
    ".onnx": "onnxruntime.InferenceSession({!r})",
    ".pt": "torch.load({!r})",
    ".pth": "torch.load({!r})",
    ".h5": "keras.models.load_model({!r})",
    ".keras": "keras.models.load_model({!r})",
    ".tflite": "tflite_runtime.interpreter.Interpreter({!r})",
    ".bst": "xgboost.Booster(model_file={!r})",
    ".ubj": "xgboost.Booster(model_file={!r})",
    ".cbm": "catboost.CatBoost().load_model({!r})",
    ".lgb": "lightgbm.Booster(model_file={!r})",
    ".safetensors": "safetensors.numpy.load_file({!r})",
    ".npy": "numpy.load({!r})",
    ".npz": "numpy.load({!r})",
}
"""How Python reads a model file, by the suffix of the file."""


def refuse_model_file(reference: str) -> None:
    """Raise StartupError if a reference names a model file, a folder or a URI, and say what to write."""
    path = PurePath(reference)
    if _URI.match(reference):
        raise StartupError(
            f"{reference} is a URI, and seldon-run serves a Python class: download the file, write a class "
            "that reads it in load() and answers in predict(X, names), and name that class"
        )
    suffix = path.suffix.lower()
    is_file = suffix not in ("", ".py") and Path(reference).is_file()
    if suffix in _READERS or is_file:
        raise StartupError(_advice(path, suffix, exists=Path(reference).exists()))
    if path.name and not reference.isidentifier() and Path(reference).is_dir():
        raise StartupError(f"{reference} is a folder, expected a class in it, such as {path}/MyModel.py")


def _advice(path: PurePath, suffix: str, *, exists: bool) -> str:
    name = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", path.stem)) or "Model"
    name = name if name.isidentifier() else f"Model{name}"
    known = _READERS.get(suffix)
    read = f"self.model = {known.format(str(path))} in load()" if known else "a load() that reads the file"
    lacks = "" if exists else ", which does not exist here"
    return (
        f"{path} is a file{lacks}, and seldon-run serves a Python class. Write {name}.py with a class {name} "
        f"that has {read} and predict(self, X, names), then run: seldon-run {name}"
    )
