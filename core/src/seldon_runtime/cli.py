"""``seldon-run``: options to settings, settings to a runtime."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from seldon_runtime import __version__, builtin, listening, logs, plugins
from seldon_runtime.contributed import OWN_COMMANDS, commands_of, params_of
from seldon_runtime.errors import EXIT_STARTUP, StartupError
from seldon_runtime.listening import Foreground, Kept
from seldon_runtime.options import Selection, guess_selection
from seldon_runtime.plugins import PluginSet
from seldon_runtime.runtime import Runtime
from seldon_runtime.settings import Settings
from seldon_runtime.state_options import require_alone
from seldon_runtime.worker import Link

if TYPE_CHECKING:
    from seldon_runtime.supervisor import Supervisor

_MODES = ("list_plugins", "check")
_QUESTIONS = frozenset({"--help", "--plugins", "--version"})
"""What can be answered though the selected plugins cannot be loaded."""


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(command_line: Sequence[str]) -> int:
    """Serve, or do what the options ask for instead. Blocks.

    Returns:
        The exit status: 0, 1 (calls lost at the end), 2 (wrong usage) or 3 (start-up failed);
        that of a contributed command is its own.
    """
    words = list(command_line)
    link = Link.from_environment()
    if words[:1] == ["plugins"]:
        words[0] = "--plugins"
    try:
        plugin_set, context, selection = _parse(words)
        command = getattr(context, "contributed", None)
        if command is not None:
            status = command.main(words[1:], prog_name=f"seldon-run {words[0]}", standalone_mode=False)
            return status if type(status) is int else 0
        return _act(words, plugin_set, context, selection, link)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Aborted!", err=True)
        return 1
    except StartupError as error:
        _explain(error)
        return EXIT_STARTUP


def _parse(words: list[str]) -> tuple[PluginSet, click.Context, Selection]:
    """Parse with the options of exactly the selected plugins."""
    selection = guess_selection(words, os.environ)
    tried: list[Selection] = []
    while selection not in tried:
        tried.append(selection)
        plugin_set = _load(selection, words)
        commands = commands_of(plugin_set)
        if words and words[0] in commands:
            context = click.Context(commands[words[0]])
            context.contributed = commands[words[0]]  # type: ignore[attr-defined]
            return plugin_set, context, selection
        command = _command(plugin_set)
        if "--plugins" in words:  # which asks of the options only what is chosen
            for param in command.params:
                param.required = False
        context = command.make_context("seldon-run", list(words))
        parsed = Selection.of(context.params)
        if parsed == selection:
            return plugin_set, context, selection
        selection = parsed
    raise click.UsageError(
        "an option means different things to the plugins that this may select; write it as --option=value"
    )


def _load(selection: Selection, words: list[str]) -> PluginSet:
    own = [builtin]
    if words and words[0] in OWN_COMMANDS:  # a start needs none of what they import
        own.append(import_module(OWN_COMMANDS[words[0]]))
    if words[:1] == ["doctor"]:  # which says itself what is wrong with them
        return PluginSet([], own)
    try:
        return PluginSet(selection.plugins(), own)
    except StartupError as error:
        if _QUESTIONS.isdisjoint(words):
            raise
        if "--version" not in words:
            click.echo(f"seldon-run: {error}", err=True)
        return PluginSet([], own)


def _command(plugin_set: PluginSet) -> click.Command:
    params = params_of(plugin_set, _modes())
    return click.Command("seldon-run", params=[param for _, param in params], help=_HELP)


def _modes() -> list[click.Option]:
    def show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            click.echo(f"seldon-run {__version__}")
            ctx.exit()

    return [
        click.Option(
            ["--check"], is_flag=True, help="Load everything, say what would be served where, and end."
        ),
        click.Option(
            ["--plugins", "list_plugins"],
            is_flag=True,
            help="List the installed plugins, and end. Also: seldon-run plugins.",
        ),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=show_version,
            help="Show the version, and end.",
        ),
    ]


_HELP = """Serve the class MODEL_NAME over the transports API_TYPE.

MODEL_NAME is a module with a class of the same name (MyModel), a dotted path
(package.module.Class or package.module:Class), or a file (path/MyModel.py).
Every option can come from the environment variable shown with it; the command
line wins. Options of a plugin are shown when it is selected."""


def _act(
    words: list[str], plugin_set: PluginSet, context: click.Context, selection: Selection, link: Link | None
) -> int:
    values: dict[str, Any] = dict(context.params)
    modes = {mode: values.pop(mode) for mode in _MODES}
    if modes["list_plugins"]:
        from seldon_runtime.plugin_table import survey, table, trials

        given = {
            plugins.TRANSPORT: bool(values["api_types"] or values["api_type"]),
            plugins.METRICS: values["metrics"] is not None,
        }
        click.echo(table(survey(trials(), selection, given)))
        return 0
    if not values["model_name"]:
        raise click.UsageError(
            "which class is to be served? Give MODEL_NAME as argument or variable.", context
        )
    settings = Settings(values, selection.transports, link.worker if link else None)
    logs.configure(settings)
    if link is not None:
        with listening.use(link):
            return Runtime(plugin_set, settings, link).serve()
    if selection.unkept_state:
        logging.getLogger(__name__).error(
            "PERSISTENCE=1 asks for state in Redis, but no plugin for it is installed: STATE IS NOT KEPT. "
            "Install it with: pip install 'seldon-runtime[redis]'; PERSISTENCE=redis makes this an error"
        )
    return _check(plugin_set, settings) if modes["check"] else _serve(words, plugin_set, settings)


def _serve(words: list[str], plugin_set: PluginSet, settings: Settings) -> int:
    sockets = Kept()
    has_state = plugin_set.has(plugins.PERSISTENCE)

    def supervise() -> Supervisor:
        from seldon_runtime.supervisor import Supervisor  # a start of one process needs none

        return Supervisor(words, settings, sockets, overlap=not has_state)

    if has_state:
        require_alone(settings)
    if settings["workers"] > 1 or settings["max_requests"] or settings["reload"]:
        supervisor = supervise()
        try:
            if settings["reload"]:
                from seldon_runtime.reloading import folders_of, watch

                watch(folders_of(settings["model_name"]), supervisor.reload)
        except StartupError:
            supervisor.clean()
            raise
        return supervisor.run()
    runtime = Runtime(plugin_set, settings, supervise=supervise)
    with closing(sockets), listening.use(Foreground(sockets)):
        status = runtime.serve()
        successor = runtime.successor
        if successor is None:
            return status
        del runtime  # and the component with it, as far as nobody else holds it
        return successor.run() or status


def _check(plugin_set: PluginSet, settings: Settings) -> int:
    """Load, and say what would be served where."""
    runtime = Runtime(plugin_set, settings)
    service = runtime.load()
    methods = ", ".join(sorted(method.value for method in service.component.methods)) or "no method"
    click.echo(f"{settings['model_name']} ({settings['service_type']}) loads and defines {methods}")
    for transport in runtime.transports:
        click.echo(f"{transport.name} would be served at {transport.address}")
    return 0


def _explain(error: StartupError) -> None:
    """One clear message; above it the traceback of user code or of a plugin, without our own frames."""
    cause = error.__cause__
    trace = None
    if cause is not None:
        trace = cause.__traceback__
        while trace is not None and trace.tb_frame.f_globals.get("__package__") == __package__:
            trace = trace.tb_next
    if logs.in_json():
        logging.getLogger(__name__).critical("%s", error, exc_info=cause and (type(cause), cause, trace))
        return
    if cause is not None:
        traceback.print_exception(type(cause), cause, trace)
    click.echo(f"seldon-run: {error}", err=True)
