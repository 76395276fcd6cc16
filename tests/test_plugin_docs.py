"""The page for plugin authors: its signatures are the code's, and its examples run."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from seldon_runtime import SeldonError, hookspecs, plugins
from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.errors import ErrorCode, StartupError
from seldon_runtime.identity import ServiceType
from seldon_runtime.message import Method
from seldon_runtime.plugins import PluginSet
from seldon_runtime.protocols.v1_codec import JsonCodec
from seldon_runtime.testing import WAIT_S, make_distribution
from seldon_runtime.testing.served import settings_of
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.status import STATUS_OF as GRPC_STATUS
from seldon_runtime_rest.answer import STATUS_OF as REST_STATUS

PAGE = (Path(__file__).parent.parent / "docs" / "plugins.md").read_text()
BLOCKS = [(found[1], found[2]) for found in re.finditer(r"```python\n# ([\w/.]+)\n(.*?)```", PAGE, re.S)]
REFERENCE = [(title, text) for title, text in BLOCKS if title.startswith("seldon_runtime.")]
FILES = {title: text for title, text in BLOCKS if title.endswith(".py")}


def documented() -> Iterator[Any]:
    """Each class and function of the reference, with its module."""
    for module, text in REFERENCE:
        for node in ast.parse(text).body:
            yield pytest.param(module, node, id=f"{module.partition('.')[2]}.{node.name}")


def source_of(module: str, name: str) -> Any:
    found = getattr(import_module(module), name)
    return ast.parse(textwrap.dedent(inspect.getsource(found))).body[0]


def members(node: ast.ClassDef) -> dict[str, str]:
    """What a class has, as text: fields with annotation and default, enum members, methods with signature."""
    found = {}
    for item in node.body:
        if isinstance(item, ast.AnnAssign):
            found[ast.unparse(item.target)] = ast.unparse(item)
        elif isinstance(item, ast.Assign):
            found[ast.unparse(item.targets[0])] = ast.unparse(item)
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            found[item.name] = signature(item)
    return {name: text for name, text in found.items() if name == "__init__" or not name.startswith("_")}


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    is_property = "property" in [ast.unparse(decorator) for decorator in node.decorator_list]
    head = "@property " if is_property else ""
    return f"{head}{kind} {node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"


def attributes_set(node: ast.ClassDef) -> set[str]:
    """What the constructor sets."""
    return {
        target.attr
        for item in ast.walk(node)
        if isinstance(item, ast.Assign | ast.AnnAssign)
        for target in (item.targets if isinstance(item, ast.Assign) else [item.target])
        if isinstance(target, ast.Attribute)
    }


@pytest.mark.parametrize(("module", "node"), list(documented()))
def test_the_reference_is_the_code(module: str, node: Any) -> None:
    real = source_of(module, node.name)
    if isinstance(node, ast.FunctionDef):
        assert signature(node) == signature(real)
        return
    told, there = members(node), members(real)
    is_excerpt = any(isinstance(item, ast.Expr) and ast.unparse(item) == "..." for item in node.body)
    for name, text in told.items():
        if name in there:
            assert text == there[name]
        else:
            assert name in attributes_set(real), f"{node.name} has no {name}"
    if not is_excerpt:
        assert set(there) - set(told) - {"__init__"} == set()
    assert [ast.unparse(base) for base in node.bases] == [ast.unparse(base) for base in real.bases]


def hooks() -> set[str]:
    return {name for name, value in vars(hookspecs).items() if name.startswith("seldon_") and callable(value)}


def test_every_hook_is_in_the_reference_and_in_the_table() -> None:
    (reference,) = [text for module, text in REFERENCE if module == "seldon_runtime.hookspecs"]
    assert {node.name for node in ast.parse(reference).body if isinstance(node, ast.FunctionDef)} == hooks()
    for hook in hooks():
        arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
        assert f"| `{hook}({arguments})` |" in PAGE


def test_no_other_hook_is_named() -> None:
    allowed = hooks() | {"seldon_runtime", "seldon_run", "seldon_transprt", "seldon_zmq", "seldon_plugins"}
    assert set(re.findall(r"`(seldon_[a-z_]+)[`(]", PAGE)) - allowed == set()


def test_every_entry_point_group_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `(seldon_runtime\.[a-z]+)` \| `(\w+)`", PAGE, re.M))
    assert rows == plugins.SETTING_OF


def test_every_error_code_has_its_statuses_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(MICROSERVICE_\w+)` \| (\d+) \| `(\w+)` \|", PAGE, re.M)
    assert rows == [
        (code.name, code.value, str(REST_STATUS[code]), GRPC_STATUS[code].name) for code in ErrorCode
    ]


def test_every_public_module_exists() -> None:
    paragraph = re.search(r"the public names of the modules (.*?);", PAGE, re.S)
    assert paragraph
    for module in re.findall(r"`(\w+)`", paragraph[1]):
        import_module(f"seldon_runtime.{module}")
    names = re.search(r"^`seldon_runtime`: (.*?); every", PAGE, re.S | re.M)
    assert names
    assert set(re.findall(r"`(\w+)`", names[1])) == set(import_module("seldon_runtime").__all__)


def test_every_named_module_and_function_of_the_runtime_exists() -> None:
    for dotted in set(re.findall(r"`(seldon_runtime(?:\.\w+)+)`", PAGE)) - set(plugins.SETTING_OF):
        module, _, name = dotted.rpartition(".")
        try:
            import_module(dotted)
        except ModuleNotFoundError:
            assert hasattr(import_module(module), name), dotted


# examples


def example(name: str) -> Any:
    """The module that an example is."""
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(FILES[f"{name}.py"], f"docs/plugins.md:{name}.py", "exec"), namespace)
    return type("Example", (), {key: staticmethod(v) if callable(v) else v for key, v in namespace.items()})


def test_every_example_is_run_here() -> None:
    run_here = {"acme_slow", "options", "rows", "counting", "guard", "clipping", "onnx_loader", "commands"}
    run_as_a_whole = {"acme_tcp", "test_acme_tcp", "conftest"}
    names = {title.removesuffix(".py") for title in FILES}
    assert names == run_here | run_as_a_whole


@pytest.mark.timeout(300)
def test_the_complete_transport_passes_the_contract(tmp_path: Path) -> None:
    modules = {name: FILES[f"{name}.py"] for name in ("acme_tcp", "test_acme_tcp", "conftest")}
    groups = {"seldon_runtime.transport": {"tcp": "acme_tcp"}}
    site = make_distribution(tmp_path / "site", "acme-tcp", groups, modules)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-W", "error", str(site)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 140
    assert "worker" not in done.stdout


def test_the_option_of_the_example_is_a_setting() -> None:
    (option,) = example("options").seldon_options()
    assert (option.name, option.envvar) == ("zmq_timeout_s", "SELDON_ZMQ_TIMEOUT_S")


class Rows:
    def predict(self, X, features_names):
        return X * 2 if isinstance(X, np.ndarray) else X

    def aggregate(self, features_list, names_list):
        return {"tables": len(features_list)}

    def send_feedback(self, features, features_names, reward, truth):
        return f"{features.shape}"

    def transform_input_raw(self, request):
        return {"rows": len(request)}

    def score(self, X, features_names):
        return X.sum(axis=1)


@pytest.mark.parametrize(
    ("method", "wire", "answer"),
    [
        (Method.PREDICT, b"1,2\n3,4", b"2.0,4.0\n6.0,8.0"),
        (Method.AGGREGATE, b"1,2", b'{"tables": 1}'),
        (Method.SEND_FEEDBACK, b"1,2\n3,4", b"(2, 2)"),
        (Method.TRANSFORM_INPUT, b"1\n2", b'{"rows": 2}'),
        (Method.TRANSFORM_OUTPUT, b"1\n2", b"1.0\n2.0"),
        (Method.HEALTH_STATUS, None, b"healthy"),
    ],
)
def test_the_codec_of_the_example_reads_and_writes(make_service, method, wire, answer) -> None:
    service = make_service(Rows())
    codec = example("rows").RowsCodec(service.limits)
    assert service.call(Call(method, wire, codec, "test")) == answer


def test_the_codec_of_the_example_annotates_and_refuses(make_service) -> None:
    service = make_service(Component(Rows(), service_type=ServiceType.OUTLIER_DETECTOR))
    codec = example("rows").RowsCodec(service.limits)
    del Rows.transform_input_raw
    service = make_service(Component(Rows(), service_type=ServiceType.OUTLIER_DETECTOR))
    assert service.call(Call(Method.TRANSFORM_INPUT, b"1,2", codec, "test")) == b"1.0,2.0,3.0"
    for wire in (b"a", b"\xff", b"1\n1,2"):
        with pytest.raises(SeldonError) as caught:
            service.call(Call(Method.PREDICT, wire, codec, "test"))
        assert caught.value.code is ErrorCode.BAD_DATA


def test_the_observer_of_the_example_counts(make_service, capsys) -> None:
    class Echo:
        def predict(self, X, features_names):
            return X

    service = make_service(Echo())
    service.attach([example("counting").seldon_observer({})], [])
    service.call(Call(Method.PREDICT, b'{"strData": "x"}', JsonCodec(service.limits), "test"))
    service.executor.run(lambda: None)
    service.change_life("stopped")
    assert capsys.readouterr().out == "1 calls\n"


def test_the_interceptor_of_the_example_guards_and_remembers(make_service) -> None:
    class Counter:
        calls = 0

        def predict(self, X, features_names):
            self.calls += 1
            return f"{X} {self.calls}"

    guard = example("guard")
    service = make_service(Counter())
    codec = JsonCodec(service.limits)
    service.attach([], [guard.seldon_interceptor(service, {"guard_token": "open"})])

    def ask(text, token="open"):
        wire = json.dumps({"strData": text}).encode()
        call = Call(Method.PREDICT, wire, codec, "test", headers={"x-token": token})
        return json.loads(service.call(call))["strData"]

    with pytest.raises(SeldonError, match="a token is needed"):
        ask("a", token="wrong")
    assert [ask("a"), ask("a"), ask("b")] == ["a 1", "a 1", "b 2"]

    for last in (1, 2):  # where an abridged text of the array would be the same
        rows = {"data": {"tensor": {"shape": [5000], "values": [0] * 2500 + [last] + [0] * 2499}}}
        wire = json.dumps(rows)
        service.call(Call(Method.PREDICT, wire, codec, "test", headers={"x-token": "open"}))
    assert service.component.user.calls == 4
    call = Call(Method.PREDICT, b"", codec, "test")
    assert json.loads(guard.greeting(call))["strData"] == "hello"
    assert [option.name for option in guard.seldon_options()] == ["guard_token"]


def test_the_interceptor_of_the_example_changes_requests_and_answers_on_any_wire(seldon_run, install) -> None:
    site = install(
        "acme-clipping",
        {"seldon_runtime.extension": {"clip": "clipping"}},
        {"clipping": FILES["clipping.py"]},
    )
    source = "class Echo:\n    def predict(self, X, features_names):\n        return X"
    process = seldon_run(
        *("Echo", "REST,GRPC", "--extension", "clip"), source=source, env={"PYTHONPATH": str(site)}
    )
    answer = process.post("/predict", {"data": {"ndarray": [[-1, 0.5, 2]]}}).json
    assert answer["data"]["ndarray"] == [[0, 0.5, 1]]
    assert answer["meta"] == {"tags": {"clipped": True}}
    for other in ({"strData": "x"}, {"data": {"ndarray": [["x"]]}}, {"jsonData": {"x": 1}}):
        assert process.post("/predict", other).status == 200
    request = SeldonMessage()
    request.data.tensor.shape.append(2)
    request.data.tensor.values.extend([-1, 2])
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(f"127.0.0.1:{process.ports['grpc']}", options=options) as channel:
        predict = channel.unary_unary("/seldon.protos.Model/Predict")
        message = SeldonMessage.FromString(predict(request.SerializeToString(), timeout=WAIT_S))
    assert list(message.data.tensor.values) == [0, 1]
    assert message.meta.tags["clipped"].bool_value


def test_the_first_plugin_of_the_page_is_installed_and_tells_of_slow_calls(seldon_run, install) -> None:
    (project,) = re.findall(r"```toml\n# pyproject.toml\n(.*?)```", PAGE, re.S)
    groups = tomllib.loads(project)["project"]["entry-points"]
    site = install("acme-seldon-slow", groups, {"acme_slow": FILES["acme_slow.py"]})
    source = "class Echo:\n    def predict(self, X, features_names):\n        return X"
    env = {"PYTHONPATH": str(site), "SELDON_EXTENSIONS": "slow"}
    process = seldon_run("Echo", "REST", "--slow-s", "0", source=source, env=env)
    process.post("/predict", {"strData": "x"})
    process.wait_for_log(r"WARNING acme_slow: predict took \d")
    process.wait_for_log("INFO acme_slow: now ready")


def test_the_loader_of_the_example_reads_tables(tmp_path: Path) -> None:
    load = example("onnx_loader").seldon_load_component
    table = tmp_path / "a.table"
    table.write_text("1=one\n2=two\n")
    assert load(str(table), {}).predict([1, 3], []) == ["one", "unknown"]
    assert load("MyModel", {}) is None
    with pytest.raises(StartupError, match="cannot be read as a table"):
        load(str(tmp_path / "b.table"), {})


def test_the_command_of_the_example_packs(seldon_run, install) -> None:
    site = install(
        "acme-pack", {"seldon_runtime.extension": {"pack": "commands"}}, {"commands": FILES["commands.py"]}
    )
    env = {"PYTHONPATH": str(site), "SELDON_EXTENSIONS": "pack", "API_TYPE": "rest"}
    good = seldon_run("pack", ".", env=env, wait=False)
    assert (good.wait(), good.log) == (0, "packing .\n")
    bad = seldon_run("pack", ".", "--level", "10", env=env, wait=False)
    assert (bad.wait(), bad.log) == (3, "seldon-run: --level is 10, expected 9 at most\n")


def test_the_settings_that_plugins_may_use_are_there() -> None:
    settings = settings_of(PluginSet([]))
    for name in set(re.findall(r'`settings\["(\w+)"\]`', PAGE)) - {"<name>"}:
        assert name in settings or name.startswith("zmq"), name
