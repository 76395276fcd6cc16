"""Compile the .proto sources of this distribution, and of V2: descriptor sets and stubs, beside the sources.

Run it by ``tox run -e protos`` after changing a source. Needs grpcio-tools, which nothing else does.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from grpc_tools import protoc

PLUGINS = Path(__file__).parent.parent
FOLDER = "seldon_runtime_grpc/protos"
SOURCES = {FOLDER: PLUGINS / "grpc" / "src", "seldon_runtime_v2/grpc/protos": PLUGINS / "v2" / "src"}
"""The folders of sources, each below its distribution's ``src``."""
_STUB_HEAD = """\
# Made by compile_protos.py: change the .proto source instead.
# mypy: disable-error-code="type-arg"
# ruff: noqa
# fmt: off
"""


def compile_into(target: Path, folder: str = FOLDER) -> Path:
    """Write ``descriptors.binpb`` and the ``*_pb2.pyi`` of a folder below ``target``, as below ``src``.

    Return the path of ``descriptors.binpb``.

    Raises:
        RuntimeError: protoc refused a source; it has said why on standard error.
    """
    written = target / folder
    written.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        _compile(_packaged(Path(temporary), folder), folder, target)
    for stub in written.glob("*_pb2.pyi"):
        stub.write_text(_STUB_HEAD + stub.read_text("utf-8"), "utf-8")
    return written / "descriptors.binpb"


def _packaged(target: Path, folder: str) -> Path:
    """Copy the sources into ``target``, with imports by the path of their package, as the stubs need.

    The sources themselves import each other by name, so that clients can compile them in any folder.
    """
    place = target / folder
    place.mkdir(parents=True)
    for source in (SOURCES[folder] / folder).glob("*.proto"):
        text = source.read_text("utf-8").replace('import "tensor.proto"', f'import "{folder}/tensor.proto"')
        place.joinpath(source.name).write_text(text, "utf-8")
    return target


def _compile(sources: Path, folder: str, target: Path) -> None:
    status = protoc.main(
        [
            "protoc",
            f"-I{sources}",
            f"-I{files('grpc_tools') / '_proto'}",
            "--include_imports",
            f"--descriptor_set_out={target / folder / 'descriptors.binpb'}",
            f"--pyi_out={target}",
            *(f"{folder}/{source.name}" for source in sorted((sources / folder).glob("*.proto"))),
        ]
    )
    if status:
        raise RuntimeError(f"protoc ended with {status}")


if __name__ == "__main__":
    for folder, place in SOURCES.items():
        compile_into(place, folder)
