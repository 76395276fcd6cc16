"""Failed imports and missing files of user code: the remedy that the message of the start names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "google.protobuf": "protobuf",
    "google.cloud.storage": "google-cloud-storage",
    "google.cloud.bigquery": "google-cloud-bigquery",
    "grpc": "grpcio",
    "grpc_health": "grpcio-health-checking",
    "grpc_reflection": "grpcio-reflection",
    "imblearn": "imbalanced-learn",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "kafka": "kafka-python",
    "Levenshtein": "python-Levenshtein",
    "magic": "python-magic",
    "mpl_toolkits": "matplotlib",
    "MySQLdb": "mysqlclient",
    "nacl": "PyNaCl",
    "OpenSSL": "pyOpenSSL",
    "osgeo": "GDAL",
    "paho": "paho-mqtt",
    "PIL": "pillow",
    "pkg_resources": "setuptools",
    "prophet": "prophet",
    "psycopg2": "psycopg2-binary",
    "pytorch_lightning": "pytorch-lightning",
    "pywt": "PyWavelets",
    "ruamel": "ruamel.yaml",
    "sentence_transformers": "sentence-transformers",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "skopt": "scikit-optimize",
    "slugify": "python-slugify",
    "snowflake": "snowflake-connector-python",
    "spacy_transformers": "spacy-transformers",
    "tensorflow_hub": "tensorflow-hub",
    "tensorflow_text": "tensorflow-text",
    "tflite_runtime": "tflite-runtime",
    "umap": "umap-learn",
    "usb": "pyusb",
    "websocket": "websocket-client",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
"""Package by the name of its module, where the two differ."""
_NO_LIBRARY = "cannot open shared object file"


def remedy_of(error: BaseException, file: Path | None = None) -> str:
    """Return a sentence that says how to mend a failed import or find a file, to append to a message.

    The text is empty for other errors.

    Args:
        error: an exception of user code; those behind it count too.
        file: the file of the class, for a message about its package.
    """
    for found in _causes(error):
        if isinstance(found, ModuleNotFoundError) and found.name:
            return _of_missing_module(found.name)
        if isinstance(found, FileNotFoundError) and (remedy := _of_missing_file(found.filename)):
            return remedy
        if isinstance(found, ImportError):
            text = str(found)
            if "relative import" in text:
                return _of_relative_import(file)
            if _NO_LIBRARY in text:
                return f". Install the system's package that has {text.partition(':')[0]}"
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and its chain, the first failed import last."""
    found: BaseException | None = error
    for _ in range(20):  # a chain may be a ring
        if found is None:
            return
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _of_missing_file(name: object) -> str:
    """Return where a relative path starts; nothing for other paths."""
    if not isinstance(name, str | os.PathLike) or Path(name).is_absolute():
        return ""
    return (
        f". A relative path starts at the current folder, {Path.cwd()}: run seldon-run in the folder of the "
        "file, or build the path from Path(__file__).parent"
    )


def _of_missing_module(name: str) -> str:
    """Return the command that installs a module; nothing for a part of a package that is installed."""
    parts = name.split(".")
    prefixes = [".".join(parts[: count + 1]) for count in reversed(range(len(parts)))]
    known = next((prefix for prefix in prefixes if prefix in _PACKAGES), None)
    if known is None and _is_importable(parts[0]):
        return ""
    package = _PACKAGES[known] if known else parts[0].replace("_", "-")
    return f". Install it with: pip install {package}"


def _is_importable(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # a module without a specification
        return True


def _of_relative_import(file: Path | None) -> str:
    if file is None:
        return ""
    root, parts = file.parent, [file.stem]
    while (root / "__init__.py").is_file() or len(parts) == 1:
        parts.insert(0, root.name)
        root = root.parent
    go = "" if root == Path.cwd() else f"cd {os.path.relpath(root)} && "
    return (
        f". {file.name} belongs to the package {parts[0]!r}: name the class with dots, "
        f"from the folder above: "
        f"{go}seldon-run {'.'.join(parts)}"
    )
