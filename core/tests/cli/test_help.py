"""The help text: examples, commands and settings in groups, as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seldon_runtime.settings.options import options

Run = Callable[..., Any]
Publish = Callable[..., Path]

COMMAND = """
    import click
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_commands():
        return [click.Command("pack", help="Pack the component. Further sentences are not shown.")]

    @hookimpl
    def seldon_options():
        return [click.Option(["--pack-level"], type=int, help="Level.")]
"""
GROUPED = """
    from seldon_runtime import hookimpl
    from seldon_runtime.settings.values import option

    @hookimpl
    def seldon_options():
        return [
            option("--own", envvar="OWN", help="Under the plugin."),
            option("--special", envvar="SPECIAL", group="Special", help="Under a heading of its own."),
        ]
"""


def sections(text: str) -> dict[str, str]:
    """The text of each section, by heading."""
    parts = re.split(r"^(\S[^\n]*):\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def flags(text: str) -> list[str]:
    return re.findall(r"^  (--[\w-]+)", text, flags=re.M)


def test_help_has_examples_commands_and_the_most_used_settings(seldon_run: Run, publish: Publish) -> None:
    publish("acme-pack", {"extension": "pack = acme_pack"}, COMMAND)
    ended = seldon_run("--help", SELDON_EXTENSIONS="pack")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Usage: seldon-run MODEL_NAME [API_TYPE] [OPTIONS]\n")
    found = sections(ended.out)
    headings = [heading for heading in found if heading != "Other programs"]  # other distributions bring them
    assert headings == ["Arguments", "Examples", "Commands", "Most used settings", "Other options"]
    assert [line.split()[0] for line in found["Commands"].strip().splitlines()] == [
        *("doctor", "pack", "plugins", "state")
    ]
    assert "Pack the component." in found["Commands"]
    assert len(flags(found["Most used settings"])) == 10
    assert flags(found["Other options"]) == ["--check", "--help-all", "--plugins", "--version", "--help"]
    hidden = len(options()) + 2 - 10  # --fake-port and --pack-level
    assert ended.out.endswith(
        f"\n{hidden} more settings, grouped by subject and plugin: seldon-run --help-all\n"
    )
    assert "\x1b" not in ended.out


def test_help_all_shows_every_setting_in_its_group(seldon_run: Run, publish: Publish) -> None:
    publish("acme-group", {"extension": "group = acme_group"}, GROUPED)
    ended = seldon_run("--help-all", SELDON_EXTENSIONS="group")
    found = sections(ended.out)
    assert [heading for heading in found if heading != "Other programs"][3:] == [
        *("Plugins and ports", "Component", "Processes", "Limits", "Values", "Logging", "State"),
        *("fake (acme-fake)", "group (acme-group)", "group (acme-group): Special", "Other options"),
    ]
    assert flags(found["group (acme-group)"]) == ["--own"]
    assert flags(found["group (acme-group): Special"]) == ["--special"]
    assert {flag for text in found.values() for flag in flags(text)} >= {
        option.opts[0] for option in options()
    }


def test_help_all_shows_variable_default_and_range(seldon_run: Run) -> None:
    ended = seldon_run("--help-all")
    assert ended.status == 0
    text = " ".join(ended.out.split())
    assert "--service-port INTEGER" in text
    assert "[env var: PREDICTIVE_UNIT_SERVICE_PORT; default: 5000; 0<=x<=65535]" in text
    assert "Port of fake." in text
    assert "Port of mock." not in text


def test_every_option_of_the_core_has_a_group() -> None:
    assert [option.name for option in options() if not option.group] == []


def test_extensions_are_taken_in_order(seldon_run: Run, publish: Publish) -> None:
    option = (
        "import click\nfrom seldon_runtime import hookimpl\n@hookimpl\ndef seldon_options():\n    return {}\n"
    )
    for name in "abc":
        publish(
            f"acme-{name}",
            {"extension": f"{name} = acme_{name}"},
            option.format(f'click.Option(["--{name}"])'),
        )
    ended = seldon_run("--help-all", "--extension", "c,A", "--extension", "b")
    found = [line.split()[0] for line in ended.out.splitlines() if line[:6] in ("  --a ", "  --b ", "  --c ")]
    assert found == ["--c", "--a", "--b"]


def test_without_words_it_shows_usage_and_examples_and_ends_with_2(seldon_run: Run) -> None:
    ended = seldon_run()
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("Usage: seldon-run MODEL_NAME [API_TYPE] [OPTIONS]\n")
    assert "Examples:\n  seldon-run MyModel " in ended.err
    assert re.findall(r"^  (\w+) ", ended.err.partition("Commands:")[2], flags=re.M) == [
        *("doctor", "plugins", "state")
    ]
    assert ended.err.endswith("MODEL_NAME is missing. seldon-run --help lists commands and settings.\n")


def test_programs_of_other_distributions_are_named(seldon_run: Run, publish: Publish) -> None:
    site = publish("seldon-runtime-packer", {"extension": "pack = packer"})
    (info,) = site.glob("*.dist-info")
    (info / "entry_points.txt").write_text("[console_scripts]\nseldon-pack = packer:main\n")
    found = sections(seldon_run("--help").out)["Other programs"]
    assert "seldon-pack" in found
    assert "of seldon-runtime-packer: seldon-pack --help lists its commands" in " ".join(found.split())
