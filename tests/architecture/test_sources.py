"""Rules for the sources: things that one module alone does, and things that none does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.test_layout import MODULES, packages, relative
from tests.support.paths import ROOT

BASE64 = {"core/src/seldon_runtime/protocols/base64_text.py"}
"""The module that encodes and decodes base64: ``base64.b64decode`` alone drops foreign characters."""
BRACKETS = {"core/src/seldon_runtime/transport/addresses.py"}
"""The module that puts an IPv6 host into brackets."""

PUBLIC = {
    *("seldon_runtime", "seldon_runtime.plugin", "seldon_runtime.protocols", "seldon_runtime.testing"),
    *("seldon_runtime_rest.extension", "seldon_runtime_grpc.extension"),
    *(
        "seldon_runtime_grpc.calls",
        "seldon_runtime_grpc.messages",
        "seldon_runtime_grpc.protobuf",
        "seldon_runtime_rest.wsgi",
        "seldon_runtime_grpc.protos.prediction_pb2",
        "seldon_runtime_metrics.embedded",
    ),
}
"""The modules that a distribution may import from another one."""
PUBLIC_PACKAGES = ("seldon_runtime.protocols.", "seldon_runtime.testing.")

LOOKED_UP = {
    # the user's class, module, functions and results
    "component/loading.py": "modules of the user",
    "component/inspection/defined_methods.py": "the user's object",
    "component/inspection/lost_methods.py": "the user's object",
    "component/inspection/served.py": "the user's object, or function",
    "component/user_api.py": "methods of the user's class",
    "component/inspection/annotations.py": "decorated functions of the user",
    "component/inspection/received_arrays.py": "annotations of the user",
    "protocols/plain_values.py": "dataclasses of the user",
    "seldon_runtime_rest/openapi/inferred.py": "the user's object, and the fitted model in it",
    "component/result.py": "what the user's method returned",
    "component/hints/arrays.py": "the function of a library that a hint names",
    "component/hints/choice.py": "annotations of the user",
    "component/hints/pandas_texts.py": "the type that pandas gives to text",
    "component/hints/misuse.py": "annotations of the user",
    "component/advice/wrong_names.py": "modules of the user",
    "component/hints/models.py": "classes that annotations of the user name",
    "protocols/libraries/forms.py": "what the user's method returned",
    "protocols/libraries/frames.py": "what the user's method returned",
    "protocols/libraries/images.py": "what the user's method returned",
    "protocols/libraries/interchange.py": "what the user's method returned",
    "protocols/libraries/records.py": "what the user's method returned",
    "protocols/libraries/remedies.py": "what the user's method returned",
    "protocols/libraries/tensors.py": "what the user's method returned",
    "component/signature.py": "decorated functions of the user",
    "component/user_object.py": "the user's object",
    "component/response_meta.py": "the user's object",
    "persistence/pickling.py": "the user's class",
    "seldon_runtime_rest/assembly.py": "the user's object",
    "seldon_runtime_batching/marks.py": "the user's object",
    "seldon_core/components/calls.py": "the user's object",
    "seldon_core/proto/rpcs.py": "RPCs of a servicer, by their names",
    "seldon_runtime_graph/loading.py": "the user's object",
    "seldon_runtime_graph/nodes/raw_methods.py": "the user's object",
    "seldon_runtime_rest/v1/codec.py": "what the user's raw method returned",
    "seldon_runtime_rest/media/arrow.py": "times that the user's method returned",
    "seldon_runtime_grpc/v1/codec.py": "what the user's raw method returned",
    # Python and its libraries
    "cli/first_process.py": "signal, which differs by system",
    "cli/posix.py": "modules of Python, which differ by system",
    "diagnostics/checks.py": "os, which differs by system",
    "inference/owners.py": "code objects, which differ by version",
    "process/free_memory.py": "os, which differs by system",
    "plugins/manager.py": "hooks of pluggy, by their names",
    "seldon_runtime_grpc/v1/payload_count.py": "fields of protobuf messages",
    "diagnostics/effective_settings.py": "parameters of click, which differ by version",
    "diagnostics/versions.py": "sys, which differs by version",
    "logs/formatters.py": "records of logging, with the extra fields of whoever logged",
    "settings/validation.py": "types of msgspec and typing",
    "seldon_runtime/__init__.py": "the names that the package imports when they are first used",
    "seldon_runtime_grpc/draining/sockets.py": "socket, which differs by system",
    "seldon_runtime_grpc/server/callback_exchange.py": "grpcio's own functions",
    "seldon_runtime_grpc/v1/decoding.py": "fields of protobuf messages",
    "seldon_runtime_grpc/v1/numbers.py": "containers of protobuf, which differ by version",
    "seldon_runtime_grpc/v1/tftensor.py": "fields of protobuf messages",
    "seldon_runtime_v2/grpc/contents.py": "fields of protobuf messages",
    "seldon_runtime_v2/grpc/request_message.py": "fields of protobuf messages",
    "seldon_runtime_grpc/v1/values.py": "fields of protobuf messages, dataclasses of the user",
    "seldon_runtime_rest/flask_bridge/wsgi.py": "WSGI applications and Werkzeug's errors",
    # what a third party's plugin is compared with, to say what it lacks
    "plugins/hook_validation.py": "functions of a plugin that lack the mark @hookimpl",
    "plugins/result_validation.py": "methods that a plugin's object lacks",
}
"""The modules that look up attributes by name, and whose. An interface of the runtime is declared: its
methods are called, or compared with those of the base class. Only remove names here."""


@cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(), module.as_posix())


def calls(tree: ast.Module) -> Iterator[str]:
    """The names of all called functions, without the objects that have them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name


def modules_with(*names: str) -> set[str]:
    return {relative(module) for module in MODULES if set(names) & set(calls(tree_of(module)))}


def test_base64_is_read_and_written_in_one_module() -> None:
    assert modules_with("b64decode", "b64encode", "a2b_base64", "urlsafe_b64decode") == BASE64


def test_hosts_get_their_brackets_in_one_module() -> None:
    bracketed = {
        relative(module)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.JoinedStr)
        for before, value in zip(node.values, node.values[1:], strict=False)
        if isinstance(before, ast.Constant)
        and str(before.value).endswith("[")
        and "host" in ast.unparse(value)
    }
    assert bracketed == BRACKETS, "use url_host"


def test_no_module_prints_a_host_without_brackets() -> None:
    """A host before a colon and a port goes through ``url_host``."""
    found = []
    for module in MODULES:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.JoinedStr):
                for host, colon in zip(node.values, node.values[1:], strict=False):
                    if (
                        isinstance(host, ast.FormattedValue)
                        and isinstance(colon, ast.Constant)
                        and str(colon.value) == ":"
                        and "host" in ast.unparse(host.value).lower()
                        and "url_host" not in ast.unparse(host.value)
                    ):
                        found.append(f"{relative(module)}:{node.lineno}")
    assert found == []


def test_no_interface_is_discovered_by_name() -> None:
    found = modules_with("getattr", "hasattr", "getattr_static")
    known = {name for name in found for ending in LOOKED_UP if name.endswith(f"/{ending}")}
    assert found - known == set(), "declare an interface, or say whose attributes these are in LOOKED_UP"
    unused = {ending for ending in LOOKED_UP if not any(name.endswith(f"/{ending}") for name in found)}
    assert unused == set(), "they look up nothing any more: remove them from LOOKED_UP"


def test_no_module_changes_its_own_globals_or_those_of_another() -> None:
    ours = {package.name for package in packages()}
    found = []
    for module in MODULES:
        tree = tree_of(module)
        imported = set(imported_modules(tree, ours))
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                found.append(f"{relative(module)}:{node.lineno}")
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                match target:
                    case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store()) if name in imported:
                        found.append(f"{relative(module)}:{node.lineno}")
    assert found == []


def imported_modules(tree: ast.Module, ours: set[str]) -> Iterator[str]:
    """The names by which a source knows modules of these packages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.asname or name.name for name in node.names if name.name.split(".")[0] in ours)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ours:
            yield from (name.asname or name.name for name in node.names)


# across distributions


def imports_of(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The modules that a source imports, for types only or later included, and the lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if is_module(inner) else node.module, node.lineno


@cache
def is_module(name: str) -> bool:
    """Whether a distribution of this tree has a module or package of this name."""
    parts = name.split(".")
    homes = [package for package in packages() if package.name == parts[0]]
    return any(
        home.joinpath(*parts[1:]).is_dir() or home.joinpath(*parts[1:]).with_suffix(".py").is_file()
        for home in homes
    )


def sources_of(package: Path) -> list[Path]:
    """All sources of a distribution, those included that it writes for its users."""
    return sorted(package.rglob("*.py"))


PACKAGES = [*packages(), *(init.parent for init in ROOT.glob("examples/third_party/*/src/*/__init__.py"))]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_another_distributions_modules_are_imported_only_if_they_are_public(package: Path) -> None:
    others = {other.name for other in PACKAGES} - {package.name}
    found = [
        f"{relative(source)}:{line} {name}"
        for source in sources_of(package)
        for name, line in imports_of(tree_of(source))
        if name.split(".")[0] in others and name not in PUBLIC and not name.startswith(PUBLIC_PACKAGES)
    ]
    assert found == []


def test_import_linter_knows_every_private_package_of_the_core() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    core = ROOT / "core/src/seldon_runtime"
    names = {path.stem for path in core.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    private = {f"seldon_runtime.{name}" for name in names if not name.startswith("__")} - PUBLIC
    forbidden = config["importlinter:contract:doors"]["forbidden_modules"].split()
    assert set(forbidden) == private
    layers = config["importlinter:contract:layers"]["layers"].split()
    assert {f"seldon_runtime.{name}" for name in layers} == private | {
        name for name in PUBLIC if name.startswith("seldon_runtime.")
    }
    roots = config["importlinter"]["root_packages"].split()
    assert set(roots) == {package.name for package in packages()}
    for contract in ("doors", "transports", "plugins"):
        section = config[f"importlinter:contract:{contract}"]
        named = set(section.get("source_modules", section.get("modules", "")).split())
        unnamed = set(roots) - named - {"seldon_runtime"} - set(section.get("forbidden_modules", "").split())
        assert unnamed <= ({"seldon_core"} if contract == "plugins" else set())
