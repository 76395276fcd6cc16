"""The documentation says what the code does (property 8)."""

from __future__ import annotations

import inspect
import json
import re
import socket
from importlib import import_module
from pathlib import Path

import pytest

from seldon_runtime import hookspecs, options, plugins
from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.executor import Executor
from seldon_runtime.service import Service

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
PLUGINS = (ROOT / "docs" / "plugins.md").read_text()
PLUGIN_MODULES = sorted(
    {plugin.target for group in plugins.SETTING_OF for plugin in plugins.installed(group)}
)


def declared_options():
    for module in PLUGIN_MODULES:
        for option in getattr(import_module(module), "seldon_options", list)():
            yield pytest.param(option, id=f"{module}:{option.name}")
    for option in options.options():
        yield pytest.param(option, id=option.name)


@pytest.mark.parametrize("option", list(declared_options()))
def test_every_setting_is_documented_with_its_variable(option):
    variables = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    assert option.help
    assert variables, f"{option.opts[0]} has no environment variable"
    rows = [
        line for line in CONFIGURATION.splitlines() if f"`{option.opts[0]}`" in line and line.startswith("|")
    ]
    assert any(all(f"`{variable}`" in row for variable in variables) for row in rows)


def test_every_documented_flag_exists():
    known = {flag for param in declared_options() for flag in param.values[0].opts}
    known |= {"--check", "--version", "--help", "--plugins"}
    documented = set(re.findall(r"`(--[a-z-]+)", CONFIGURATION))
    assert documented - known == set()


def hooks():
    return [name for name, value in vars(hookspecs).items() if name.startswith("seldon_") and callable(value)]


@pytest.mark.parametrize("hook", hooks())
def test_every_hook_is_documented_with_its_arguments(hook):
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    assert f"| `{hook}({arguments})` |" in PLUGINS


def test_every_documented_hook_exists():
    assert set(re.findall(r"`(seldon_[a-z_]+)\(", PLUGINS)) == set(hooks())


def test_the_transport_of_the_plugin_page_serves(tmp_path):
    code = next(
        block for block in re.findall(r"```python\n(.*?)```", PLUGINS, re.S) if "class Lines" in block
    )
    namespace: dict[str, object] = {}
    exec(compile(code, "docs/plugins.md", "exec"), namespace)

    class Doubler:
        def predict(self, X, features_names):
            return X * 2

    executor = Executor()
    executor.start()
    service = Service(Component(Doubler()), executor)
    transport = namespace["Lines"](service, str(tmp_path / "lines.sock"))  # type: ignore[operator]
    transport.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "lines.sock"))
        lines = client.makefile("rwb")
        lines.write(b'{"data":{"ndarray":[[1,2]]}}\n{"strData":5}\n')
        lines.flush()
        assert json.loads(lines.readline())["data"]["ndarray"] == [[2, 4]]
        assert json.loads(lines.readline())["status"]["reason"] == "MICROSERVICE_BAD_DATA"
        lines.close()
    transport.stop_accepting()
    transport.stop(5)
    assert executor.stop(5)


def test_the_call_of_the_plugin_page_has_the_named_fields():
    for field in re.search(r"when known, (.*?)\.", PLUGINS, re.S).group(1).replace("and", "").split(","):  # type: ignore[union-attr]
        for name in re.findall(r"`(\w+)`", field):
            assert name in Call.__slots__


@pytest.mark.parametrize(
    "page", sorted(p.relative_to(ROOT) for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
)
def test_links_between_pages_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target
