"""What plugins add to ``seldon-run``: options that do not clash, and commands of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Publish = Callable[..., Path]

OPTION = """
    import click
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_options():
        return [click.Option({0})]
"""
COMMAND = """
    import click
    from seldon_runtime import hookimpl
    from seldon_runtime.errors import StartupError

    @click.command("pack")
    @click.argument("how", required=False)
    @click.option("--twice", is_flag=True)
    @click.pass_context
    def pack(context, how, twice):
        click.echo(f"packing {how}{' twice' if twice else ''}")
        if how == "exit":
            context.exit(4)
        if how == "startup":
            raise StartupError("nothing to pack")
        if how == "abort":
            raise click.Abort
        return {"number": 5, "truth": True}.get(how)

    @hookimpl
    def seldon_commands():
        return [pack]
"""
A = "extension plugin 'a' (acme-a 1.0, acme_a)"
B = "extension plugin 'b' (acme-b 1.0, acme_b)"


@pytest.mark.parametrize(
    ("of_a", "of_b", "message"),
    [
        (["--host"], ["--b"], f"{A} defines an option --host, as the core does: leave one of them out"),
        (["--a", "host"], ["--b"], f"{A} defines an option host, as the core does: leave one of them out"),
        (
            ["--a/--no-error-details"],
            ["--b"],
            f"{A} defines an option --no-error-details, as the core does: leave one of them out",
        ),
        (["--check"], ["--b"], f"{A} defines an option --check, as the core does: leave one of them out"),
        (["--same"], ["--same"], f"{B} defines an option --same, as {A} does: leave one of them out"),
        (["--a", "same"], ["--b", "same"], f"{B} defines an option same, as {A} does: leave one of them out"),
        (["--a/--off"], ["--off"], f"{B} defines an option --off, as {A} does: leave one of them out"),
        (
            ["--a", "model_name"],
            ["--b"],
            f"{A} defines an option model_name, as the core does: leave one of them out",
        ),
    ],
)
def test_options_that_clash_stop_the_start(
    seldon_run: Run, publish: Publish, of_a: list[str], of_b: list[str], message: str
) -> None:
    publish("acme-a", {"extension": "a = acme_a"}, OPTION.format(of_a))
    publish("acme-b", {"extension": "b = acme_b"}, OPTION.format(of_b))
    ended = seldon_run("MyModel", "--check", "--extension", "a,b")
    assert (ended.status, ended.err) == (3, f"seldon-run: {message}\n")


@pytest.mark.parametrize(
    ("of_a", "of_b", "message"),
    [
        (
            '["--a-workers"], envvar="SELDON_WORKERS"',
            '["--b"]',
            f"{A} reads the environment variable SELDON_WORKERS for its option --a-workers, as the core "
            "does: leave one of them out",
        ),
        (
            '["--a"], envvar="ACME"',
            '["--b"], envvar=["ACME_B", "ACME"]',
            f"{B} reads the environment variable ACME for its option --b, as {A} does: leave one of them out",
        ),
    ],
)
def test_environment_variables_that_clash_stop_the_start(
    seldon_run: Run, publish: Publish, of_a: str, of_b: str, message: str
) -> None:
    publish("acme-a", {"extension": "a = acme_a"}, OPTION.format(of_a))
    publish("acme-b", {"extension": "b = acme_b"}, OPTION.format(of_b))
    ended = seldon_run("MyModel", "--check", "--extension", "a,b")
    assert (ended.status, ended.err) == (3, f"seldon-run: {message}\n")


@pytest.mark.parametrize("given", ['["--a-token"], type=int', '["--pin"], type=int, hide_input=True'])
def test_a_wrong_value_of_a_secret_option_is_not_shown(seldon_run: Run, publish: Publish, given: str) -> None:
    publish("acme-a", {"extension": "a = acme_a"}, OPTION.format(f'{given}, envvar="ACME_A"'))
    ended = seldon_run("MyModel", "--check", "--extension", "a", ACME_A="sesame")
    assert ended.status == 2
    assert "sesame" not in ended.err
    assert ": the value, which is not shown because it may be a secret" in ended.err


SERVES = """
    @hookimpl
    def seldon_transport():
        return None
"""


def test_an_option_that_is_a_switch_for_one_transport_only_is_told(seldon_run: Run, publish: Publish) -> None:
    publish("acme-flag", {"transport": "flag = acme_flag"}, OPTION.format('["--x"], is_flag=True') + SERVES)
    publish("acme-value", {"transport": "value = acme_value"}, OPTION.format('["--x"]') + SERVES)
    ended = seldon_run("MyModel", "--x", "value", API_TYPE="flag")
    assert ended.status == 2
    assert "MODEL_NAME and API_TYPE are not clear" in ended.err
    assert seldon_run("MyModel", "--x=value", "--help", API_TYPE="value").status == 0


@pytest.fixture
def pack(seldon_run: Run, publish: Publish) -> Run:
    publish("acme-pack", {"extension": "pack = acme_pack"}, COMMAND)
    return lambda *words: seldon_run(*words, SELDON_EXTENSIONS="pack")


def test_a_command_runs_with_its_own_arguments(pack: Run) -> None:
    ended = pack("pack", "this", "--twice")
    assert (ended.status, ended.out, ended.err) == (0, "packing this twice\n", "")
    assert ended.settings == {}


@pytest.mark.parametrize("words", [("pack",), ("pack", "this")], ids=len)
def test_a_command_needs_no_transport(pack: Run, words: tuple[str, ...], monkeypatch: Any) -> None:
    monkeypatch.setenv("API_TYPE", "")  # the default, REST, is not installed
    ended = pack(*words)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("packing")
    assert "API_TYPE names the transport plugin 'rest', which is not installed" in pack("MyModel").err


@pytest.mark.parametrize(
    ("how", "status", "err"),
    [
        ("exit", 4, ""),
        ("number", 5, ""),
        ("truth", 0, ""),
        ("startup", 3, "seldon-run: nothing to pack\n"),
        ("abort", 1, "Aborted!\n"),
    ],
)
def test_a_command_ends_as_it_likes(pack: Run, how: str, status: int, err: str) -> None:
    ended = pack("pack", how)
    assert (ended.status, ended.err) == (status, err)


def test_a_command_has_help_and_tells_wrong_usage(pack: Run) -> None:
    ended = pack("pack", "--help")
    assert ended.status == 0
    assert ended.out.startswith("Usage: seldon-run pack [OPTIONS] [HOW]")
    ended = pack("pack", "this", "that")
    assert ended.status == 2
    assert "Usage: seldon-run pack [OPTIONS] [HOW]" in ended.err


def test_other_words_are_still_those_of_seldon_run(pack: Run) -> None:
    assert pack("MyModel", "--check").status == 0
    assert "packing" not in pack("MyModel", "fake", "--check").out


def test_a_command_is_known_only_while_its_plugin_is_selected(seldon_run: Run, publish: Publish) -> None:
    publish("acme-pack", {"extension": "pack = acme_pack"}, COMMAND)
    ended = seldon_run("pack", "--check")
    assert (ended.status, ended.out) == (3, "")
    assert "there is no module 'pack'" in ended.err


def test_a_command_of_its_extensions_name_needs_no_setting(seldon_run: Run, publish: Publish) -> None:
    publish("acme-pack", {"extension": "pack = acme_pack"}, COMMAND)
    assert seldon_run("pack", "--help").out.startswith("Usage: seldon-run pack [OPTIONS] [HOW]")
    assert seldon_run("pack").out.startswith("packing")
    ended = seldon_run("--help")
    assert re.search(r"^  pack\b", ended.out, flags=re.M)
    assert "--pack-level" not in seldon_run("--help-all").out


def test_a_class_of_an_extensions_name_is_served(seldon_run: Run, publish: Publish, write: Any) -> None:
    publish("acme-pack", {"extension": "pack = acme_pack"}, COMMAND)
    write("pack.py", "class pack: pass")
    ended = seldon_run("pack", "--check")
    assert "packing" not in ended.out
    assert ended.settings["fake"]["model_name"] == "pack"


def test_two_commands_of_one_name_are_a_clash(seldon_run: Run, publish: Publish) -> None:
    for name in "ab":
        publish(f"acme-{name}", {"extension": f"{name} = acme_{name}"}, COMMAND)
    ended = seldon_run("pack", "--extension", "a,b")
    assert (ended.status, ended.err) == (
        3,
        f"seldon-run: {B} defines a command pack, as {A} does: leave one of them out\n",
    )
