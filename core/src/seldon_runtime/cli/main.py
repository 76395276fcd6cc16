"""``seldon-run``: runs a command, or reads the settings and serves. Every error ends here, in one message."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NoReturn

import click

from seldon_runtime import __version__
from seldon_runtime.builtin import defaults
from seldon_runtime.cli.first_process import adopts_orphans, serve_in_child
from seldon_runtime.cli.help import SeldonRun, help_text, usage
from seldon_runtime.cli.leaving import PATIENCE_S, leave_at_once, leave_soon
from seldon_runtime.cli.posix import require_posix
from seldon_runtime.cli.serve import check, require_versions, serve
from seldon_runtime.cli.usage_errors import (
    WHERE_OPTIONS_STAND,
    check_text,
    refuse_further_words,
    refuse_two_api_types,
)
from seldon_runtime.errors import EXIT_STARTUP, StartupError, closest
from seldon_runtime.logs import setup
from seldon_runtime.logs.control_characters import exception_text, printable
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.command_line import read_selection
from seldon_runtime.plugins.contributions import OWN_COMMANDS, commands_of, params_of
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.selection import Selection
from seldon_runtime.settings.options import mode_options
from seldon_runtime.settings.secrets import is_secret_name, redacted, redacted_setting
from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision.worker_link import WorkerLink
from seldon_runtime.tracebacks import hide_frames

_HELP = frozenset({"--help", "--help-all"})
_EXIT_USAGE = 2
_TYPES = {"a valid integer range": "a whole number", "a valid float range": "a number"}
"""Click's names of the types of settings, and plainer ones."""


def main() -> NoReturn:
    """Run as the console script."""
    if adopts_orphans():
        serve_in_child()
    words = sys.argv[1:]
    status = run(words, served=leave_soon)
    if words and words[0] in OWN_COMMANDS:
        leave_at_once(status)
    sys.exit(status)


def run(command_line: Sequence[str], served: Callable[[int, float], None] | None = None) -> int:
    """Serve, or run the command that the words name. Blocks.

    Args:
        command_line: the words after the program's name.
        served: called when the process has served, or could not start, with the exit status and the seconds
            that the end of the interpreter may take.

    Returns:
        The exit status: 0, 1 (calls lost at the end), 2 (wrong usage) or 3 (start-up failed);
        a plugin's command has its own.
    """
    words = list(command_line)
    if "--plugins" in words:
        words = ["plugins", *(word for word in words if word != "--plugins")]
    link = WorkerLink.from_environment()
    try:
        status, patience_s = _run(words, link)
        if patience_s is not None and served is not None:
            served(status, patience_s)
        return status
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        click.echo(printable(_usage_error(error)), err=True, nl=False)
        return error.exit_code
    except click.Abort:
        click.echo("Aborted!", err=True)
        return 1
    except StartupError as error:
        _explain(error, _unknown_command(words) or _class_second(words))
        if served is not None:
            served(EXIT_STARTUP, PATIENCE_S)
        return EXIT_STARTUP


def _usage_error(error: click.ClickException) -> str:
    """Return the text of an error of the command line or the environment, without secrets."""
    if isinstance(error, click.BadParameter) and error.message and (param := error.param) is not None:
        is_hidden = isinstance(param, click.Option) and param.hide_input
        if is_hidden or is_secret_name(str(param.name)):
            hidden = "the value, which is not shown because it may be a secret, is wrong."
            error = click.BadParameter(hidden, error.ctx, param)
        else:
            plain = error.message
            for name, plainer in _TYPES.items():
                plain = plain.replace(name, plainer)
            error = click.BadParameter(plain, error.ctx, param, error.param_hint)
    shown = io.StringIO()
    error.show(shown)
    return redacted_setting(shown.getvalue())


def _run(words: list[str], link: WorkerLink | None) -> tuple[int, float | None]:
    """Return the exit status, and the seconds for the interpreter's end if the component was loaded."""
    if _HELP.isdisjoint(words) and "--version" not in words:
        require_posix()
    if words and words[0] in OWN_COMMANDS:
        return _run_command(_own_command(words[0]), words), None
    if "--version" in words:
        click.echo(f"seldon-run {__version__}")
        return 0, None
    if not words and not os.environ.get("MODEL_NAME"):
        click.echo(usage(), err=True)
        return _EXIT_USAGE, None
    selection = read_selection(words, os.environ)
    plugin_set, commands = _load(selection, words)
    if words and words[0] in commands:
        return _run_command(commands[words[0]], words), None
    if not _HELP.isdisjoint(words):
        params = params_of(plugin_set, mode_options())
        commands = {**_unselected_commands(), **commands}
        click.echo(help_text(params, plugin_set.chosen, commands, everything="--help-all" in words))
        return 0, None
    values = _parse(words, plugin_set, selection)
    is_check: bool = values["check"]
    settings = Settings(
        {name: value for name, value in values.items() if name not in {o.name for o in mode_options()}},
        selection.transports,
        link.worker if link else None,
        selection.served_protocols,
    )
    setup.configure(settings)
    if selection.unkept_state and link is None:
        logging.getLogger(__name__).error(
            "PERSISTENCE=1 asks for state in Redis, but no plugin for it is installed: STATE IS NOT KEPT. "
            "Install it with: pip install 'seldon-runtime[redis]'; PERSISTENCE=redis makes this an error"
        )
    if link is None:
        require_versions(plugin_set.chosen)
    status = check(plugin_set, settings) if is_check else serve(words, plugin_set, settings, link)
    return status, min(PATIENCE_S, max(1.0, settings["grace_s"]))


def _load(selection: Selection, words: list[str]) -> tuple[PluginSet, dict[str, click.Command]]:
    """Return the selected plugins and their commands; for --help, none when they cannot be loaded."""
    try:
        plugin_set = PluginSet(selection.plugins(), [defaults])
        commands = commands_of(plugin_set)
        if _names_command(words) and words[0] not in commands and (found := _with_command(words)):
            return found
        return plugin_set, commands
    except StartupError as error:
        command = _with_command(words)
        if command is not None:
            return command
        if _HELP.isdisjoint(words):
            raise
        click.echo(printable(redacted(f"seldon-run: {error}")), err=True)
        return PluginSet([], [defaults]), {}


def _names_command(words: list[str]) -> bool:
    """Return whether the words could also be a command of an extension that no setting selects, and no class.

    With further words the second one does not name a transport, so that the selection fails.
    """
    is_alone = len(words) == 1 and not _is_local(words[0])
    if not is_alone and words[1:] != ["--help"]:  # of nearly every start
        return False
    return words[0] in registry.installed_names(registry.EXTENSION) and (
        not is_alone or find_spec(words[0]) is None
    )


def _is_local(name: str) -> bool:
    return os.path.isdir(name) or os.path.exists(f"{name}.py")


def _unselected_commands() -> dict[str, click.Command]:
    """Return the commands that stand for an extension of their name, without a setting."""
    found = {name: _with_command([name]) for name in sorted(registry.installed_names(registry.EXTENSION))}
    return {name: each[1][name] for name, each in found.items() if each is not None}


def _with_command(words: list[str]) -> tuple[PluginSet, dict[str, click.Command]] | None:
    """Return the plugins of the environment, with the extension of the first word's name, if they have it.

    The words behind a plugin's command are its own: the second one does not name a transport. A command needs
    no transport, so the default one may be missing.
    """
    if not words or words[0].startswith("-"):
        return None
    try:
        selection = read_selection([], os.environ)
        if words[0] in registry.installed_names(registry.EXTENSION) and words[0] not in selection.extensions:
            selection = selection._replace(extensions=(*selection.extensions, words[0]))
        plugin_set = PluginSet(selection.plugins(defaults=False), [defaults])
        commands = commands_of(plugin_set)
    except StartupError:
        return None  # the caller reports what is wrong with the selection of all words
    return (plugin_set, commands) if words[0] in commands else None


def _parse(words: list[str], plugin_set: PluginSet, selection: Selection) -> dict[str, Any]:
    """Return the values of all options, by name."""
    command = SeldonRun([param for _, param in params_of(plugin_set, mode_options())])
    try:
        context = command.make_context("seldon-run", list(words))
    except click.NoSuchOption as error:
        raise click.UsageError(
            f"{error.format_message().rstrip('.')}. {WHERE_OPTIONS_STAND}", error.ctx
        ) from None
    refuse_further_words(context)
    refuse_two_api_types(context)
    if not context.params["model_name"]:
        raise click.UsageError(
            "MODEL_NAME is missing: name a class as the first argument, or set the variable", context
        )
    check_text(context)
    if Selection.of(context.params) != selection:
        raise click.UsageError(f"MODEL_NAME and API_TYPE are not clear. {WHERE_OPTIONS_STAND}", context)
    return dict(context.params)


def _own_command(name: str) -> click.Command:
    """Return a command of the core; its modules are imported only now, since a start needs none of them."""
    if name == "doctor":
        from seldon_runtime.diagnostics import doctor

        return doctor.command()
    if name == "plugins":
        from seldon_runtime.diagnostics import plugin_report

        return plugin_report.command()
    from seldon_runtime.cli import state

    return state.command()


def _run_command(command: click.Command, words: list[str]) -> int:
    status = command.main(words[1:], prog_name=f"seldon-run {words[0]}", standalone_mode=False)
    return status if type(status) is int else 0


def _unknown_command(words: list[str]) -> str:
    """Return a hint when the first word is nearly a command and no module; else an empty text."""
    close = closest(words[0], OWN_COMMANDS) if words else []
    if (
        not close
        or words[0] in OWN_COMMANDS
        or not words[0].isidentifier()
        or find_spec(words[0]) is not None
    ):
        return ""
    return f" {words[0]!r} is not a command either. Did you mean seldon-run {close[0]}?"


def _class_second(words: list[str]) -> str:
    """Return a hint when the first word names a transport, and the second the class; else an empty text."""
    installed = registry.installed_names(registry.TRANSPORT)
    if len(words) < 2 or words[0].lower() not in installed or words[1].lower() in installed:
        return ""
    if words[1].startswith("-"):
        return ""
    return f" {words[0]!r} names a transport. The class stands first: seldon-run {words[1]} {words[0]}"


def _explain(error: StartupError, hint: str) -> None:
    """Print one clear message, below the traceback of user code or of a plugin without our own frames."""
    cause = error.__cause__ and hide_frames(error.__cause__)
    if setup.in_json():
        logging.getLogger(__name__).critical("%s%s", error, hint, exc_info=cause)
        return
    if cause is not None:
        click.echo(redacted(exception_text(type(cause), cause, cause.__traceback__)), err=True)
    click.echo(printable(redacted(f"seldon-run: {error}{hint}")), err=True)
