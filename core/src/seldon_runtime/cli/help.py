"""The help text of ``seldon-run``: examples, commands, and the settings in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points

import click

from seldon_runtime.plugins.contributions import OWN_COMMANDS
from seldon_runtime.plugins.manager import CORE
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.settings.options import mode_options
from seldon_runtime.settings.values import Option

_DISTRIBUTIONS = "seldon-runtime-"
_WIDTH = 110
_COLUMN = 42
_INTRODUCTION = """Serve a Python class as a component, or run a command. Each setting is an option and
an environment variable; the option wins."""
_ARGUMENTS = [
    (
        "MODEL_NAME",
        "The class: MyModel (class and module of one name), package.module.Class, package.module:Class, or "
        "path/MyModel.py.  [env var: MODEL_NAME]",
    ),
    (
        "API_TYPE",
        "Transports, comma-separated, in any case: REST, GRPC or other plugins.  [env var: API_TYPE]",
    ),
]
_EXAMPLES = [
    ("seldon-run MyModel", "serve the class MyModel of MyModel.py over REST on port 5000"),
    ("seldon-run MyModel REST,GRPC --workers 4", "both transports, four processes"),
    ("seldon-run package.module:Class --check", "load the class, print the addresses, and exit"),
    ("seldon-run doctor MyModel REST", "explain what would be served, and what is wrong"),
]


class SeldonRun(click.Command):
    """The parser of all options; its usage line shows MODEL_NAME first."""

    def __init__(self, params: list[click.Parameter]) -> None:
        super().__init__("seldon-run", params=params, context_settings={"allow_extra_args": True})

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the words behind ``Usage: seldon-run``."""
        return ["MODEL_NAME", "[API_TYPE]", "[OPTIONS]"]


def usage() -> str:
    """Return what ``seldon-run`` without any words prints."""
    formatter = _formatter()
    _write_usage(formatter)
    _write(formatter, "Examples", _EXAMPLES)
    _write(formatter, "Commands", [*OWN_COMMANDS.items()])
    formatter.write_paragraph()
    formatter.write("MODEL_NAME is missing. seldon-run --help lists commands and settings.")
    return formatter.getvalue()


def help_text(
    params: Sequence[tuple[str, click.Parameter]],
    chosen: Sequence[Plugin],
    commands: Mapping[str, click.Command],
    *,
    everything: bool,
) -> str:
    """Return the help text.

    Args:
        params: all options and arguments, each with the label of its owner.
        chosen: the selected plugins.
        commands: those of the plugins.
        everything: list every setting in its group, instead of the most used ones.
    """
    formatter = _formatter()
    _write_usage(formatter)
    formatter.write_paragraph()
    formatter.write_text(_INTRODUCTION)
    context = click.Context(click.Command("seldon-run"))
    groups = _groups(params, {str(plugin): f"{plugin.name} ({plugin.distribution})" for plugin in chosen})
    own = {str(command.name): command.get_short_help_str(limit=_WIDTH) for command in commands.values()}
    _write(formatter, "Arguments", _ARGUMENTS)
    _write(formatter, "Examples", _EXAMPLES)
    _write(formatter, "Commands", sorted({**OWN_COMMANDS, **own}.items()))
    _write(formatter, "Other programs", _programs())
    if everything:
        for heading, members in groups.items():
            _write(formatter, heading, _records(members, context))
    else:
        common = [option for members in groups.values() for option in members if _is_common(option)]
        _write(formatter, "Most used settings", _records(common, context))
    help_option = click.Option(["--help"], is_flag=True, help="Show this message, and exit.")
    _write(formatter, "Other options", _records([*mode_options(), help_option], context))
    if not everything:
        hidden = sum(map(len, groups.values())) - len(common)
        formatter.write_paragraph()
        formatter.write(f"{hidden} more settings, grouped by subject and plugin: seldon-run --help-all\n")
    return formatter.getvalue().rstrip("\n")


def _programs() -> list[tuple[str, str]]:
    """Return the programs that other installed distributions of the runtime bring."""
    found = entry_points(group="console_scripts")
    return sorted(
        (entry.name, f"of {entry.dist.name}: {entry.name} --help lists its commands")
        for entry in found
        if entry.dist is not None and entry.dist.name.startswith(_DISTRIBUTIONS)
    )


def _groups(
    params: Sequence[tuple[str, click.Parameter]], titles: Mapping[str, str]
) -> dict[str, list[click.Option]]:
    """Return the settings under their headings: the core's first, then those of each plugin."""
    modes = {option.name for option in mode_options()}
    groups: dict[str, list[click.Option]] = {}
    for owner, param in params:
        if not isinstance(param, click.Option) or param.name in modes:
            continue
        group = param.group if isinstance(param, Option) else None
        heading = group or titles.get(owner, owner)
        if owner != CORE and group is not None:
            heading = f"{titles.get(owner, owner)}: {group}"
        groups.setdefault(heading, []).append(param)
    return groups


def _is_common(option: click.Option) -> bool:
    return isinstance(option, Option) and option.common


def _records(options: Sequence[click.Option], context: click.Context) -> list[tuple[str, str]]:
    return [record for option in options if (record := option.get_help_record(context)) is not None]


def _formatter() -> click.HelpFormatter:
    return click.HelpFormatter(max_width=_WIDTH)


def _write_usage(formatter: click.HelpFormatter) -> None:
    formatter.write_usage("seldon-run", "MODEL_NAME [API_TYPE] [OPTIONS]")
    formatter.write_usage("seldon-run", "COMMAND ...", prefix="       ")


def _write(formatter: click.HelpFormatter, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    """Write a section of two columns; an empty one is left out."""
    if rows:
        with formatter.section(heading):
            formatter.write_dl(rows, col_max=_COLUMN)
