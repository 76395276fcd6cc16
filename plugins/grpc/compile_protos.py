"""Compile the .proto sources of this distribution: a descriptor set and type stubs, beside the sources.

Run it by ``tox run -e protos`` after changing a source. Needs grpcio-tools, which nothing else does.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

SOURCES = Path(__file__).parent / "src"
FOLDER = "seldon_runtime_grpc/protos"
DESCRIPTORS = f"{FOLDER}/descriptors.binpb"
_STUB_HEAD = """\
# Made by compile_protos.py: change the .proto source instead.
# mypy: disable-error-code="type-arg"
# ruff: noqa
# fmt: off
"""


def compile_into(target: Path) -> None:
    """Write ``descriptors.binpb`` and the ``*_pb2.pyi`` below ``target``, as they stand below ``src``.

    Raises:
        RuntimeError: protoc refused a source; it has said why on standard error.
    """
    (target / FOLDER).mkdir(parents=True, exist_ok=True)
    status = protoc.main(
        [
            "protoc",
            f"-I{SOURCES}",
            f"-I{files('grpc_tools') / '_proto'}",
            "--include_imports",
            f"--descriptor_set_out={target / DESCRIPTORS}",
            f"--pyi_out={target}",
            *(f"{FOLDER}/{source.name}" for source in sorted((SOURCES / FOLDER).glob("*.proto"))),
        ]
    )
    if status:
        raise RuntimeError(f"protoc ended with {status}")
    for stub in (target / FOLDER).glob("*_pb2.pyi"):
        stub.write_text(_STUB_HEAD + stub.read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    compile_into(SOURCES)
