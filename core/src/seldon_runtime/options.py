"""Core's settings, and what they choose and become."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from seldon_runtime import plugins
from seldon_runtime.errors import StartupError
from seldon_runtime.identity import Identity, ServiceType
from seldon_runtime.life_options import life_options
from seldon_runtime.limits import Limits
from seldon_runtime.logs import log_options
from seldon_runtime.plugins import Plugin
from seldon_runtime.settings import DEFAULT_PORT, Settings, option
from seldon_runtime.state_options import state_options


def arguments() -> list[click.Argument]:
    """MODEL_NAME and API_TYPE."""
    return [
        click.Argument(["model_name"], envvar="MODEL_NAME", required=False),
        click.Argument(["api_types"], metavar="[API_TYPE]", required=False),  # the variable is --api-type's
    ]


def options() -> list[click.Option]:
    """Every option of the core."""
    limits = Limits()
    port = click.IntRange(0, 65535)
    return [
        option(
            "--api-type",
            envvar="API_TYPE",
            help="Transports to serve, comma-separated, any case.  [default: REST]",
        ),
        option(
            "--service-type",
            envvar="SERVICE_TYPE",
            type=click.Choice([t.value for t in ServiceType], case_sensitive=False),
            default=ServiceType.MODEL.value,
            help="What the component is in a graph.",
        ),
        option(
            "--persistence",
            envvar="PERSISTENCE",
            default="0",
            is_flag=False,
            flag_value="1",
            help="Where state is kept: 0 nowhere, 1 in Redis, or a plugin's name.",
        ),
        option(
            "--metrics",
            envvar="METRICS",
            help="Metrics plugin; 0 for none.  [default: prometheus if installed]",
        ),
        option(
            "--extension",
            envvar="SELDON_EXTENSIONS",
            multiple=True,
            help="Extension plugins, in order; comma-separated or repeated.",
        ),
        option(
            "--parameters",
            envvar="PREDICTIVE_UNIT_PARAMETERS",
            default="[]",
            callback=_not_empty,
            help='Constructor parameters: JSON list of {"name", "value", "type"}.',
        ),
        option(
            "--host",
            envvar="SELDON_HOST",
            default="0.0.0.0",
            help="Address to listen on; all interfaces by default.",
        ),
        option(
            "--service-port",
            envvar="PREDICTIVE_UNIT_SERVICE_PORT",
            type=port,
            default=DEFAULT_PORT,
            help="Port of the first transport; the next ones count up. 0: any free ports.",
        ),
        *life_options(),
        option(
            "--timeout",
            "timeout_s",
            envvar="SELDON_TIMEOUT_S",
            type=click.FloatRange(0, 86_400),
            default=0.0,
            help="Seconds that a call may take, waiting included; 0 for ever. Clients may ask for less.",
        ),
        option(
            "--health-timeout",
            "health_timeout_s",
            envvar="SELDON_HEALTH_TIMEOUT_S",
            type=click.FloatRange(0, 86_400, min_open=True),
            default=5.0,
            help="Seconds that the component's own health_status may take, waiting included.",
        ),
        option(
            "--max-body-bytes",
            envvar="SELDON_MAX_BODY_BYTES",
            type=click.IntRange(1),
            default=limits.max_body_bytes,
            help="Largest request.",
        ),
        option(
            "--max-array-values",
            envvar="SELDON_MAX_ARRAY_VALUES",
            type=click.IntRange(1),
            default=limits.max_array_values,
            help="Most values in one array of a request.",
        ),
        option(
            "--max-nesting",
            envvar="SELDON_MAX_NESTING",
            type=click.IntRange(1, 250),
            default=limits.max_nesting,
            help="Deepest nesting of a JSON request.",
        ),
        option(
            "--include-metrics",
            envvar="INCLUDE_METRICS_IN_CLIENT_RESPONSE",
            default="true",
            callback=lambda ctx, param, value: value.strip().lower() == "true",
            help="Whether answers show the component's own metrics: only true does.",
        ),
        option(
            "--error-details/--no-error-details",
            envvar="SELDON_ERROR_DETAILS",
            default=True,
            help="Whether answers tell the message of an exception in user code. The log always does.",
        ),
        option(
            "--model-metadata",
            envvar="MODEL_METADATA",
            default="",
            help="Metadata over init_metadata(): JSON or YAML.",
        ),
        *log_options(),
        *identity_options(),
        *state_options(),
    ]


def identity_options() -> list[click.Option]:
    """Who the component is."""
    return [
        option("--unit-id", envvar="PREDICTIVE_UNIT_ID", help="Name of this component in its graph."),
        option("--unit-image", envvar="PREDICTIVE_UNIT_IMAGE", help="Its image, with tag."),
        option("--deployment-id", envvar="SELDON_DEPLOYMENT_ID", help="Name of the deployment."),
        option("--predictor-id", envvar="PREDICTOR_ID", help="Name of the predictor."),
        option(
            "--predictor-labels",
            envvar="PREDICTOR_LABELS",
            default="{}",
            help="Labels of the predictor: a JSON object of texts.",
        ),
    ]


def _not_empty(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """click takes an empty variable for an unset one; here it is a fault of whoever set it."""
    is_default = ctx.get_parameter_source(str(param.name)) is ParameterSource.DEFAULT
    if is_default and os.environ.get(str(param.envvar)) == "":
        raise click.BadParameter(f"{param.envvar} is empty, expected a JSON list such as []", ctx, param)
    return value


class Selection(NamedTuple):
    """Which plugins the settings choose, by group."""

    transports: tuple[str, ...] = ("rest",)
    persistence: str = "0"
    metrics: str | None = None
    extensions: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Selection:
        """From the values of the core options, as given on the command line or converted by click."""
        return cls(
            transports=_names(values.get("api_types") or values.get("api_type") or "rest"),
            persistence=str(values.get("persistence") or "0").strip().lower(),
            metrics=str(values["metrics"]).strip().lower() if values.get("metrics") is not None else None,
            extensions=_names(",".join(values.get("extension") or ())),
        )

    def plugins(self) -> list[Plugin]:
        """The chosen plugins, transports first.

        Raises:
            StartupError: a name that is not installed, chosen twice, or provided twice.
        """
        if not self.transports:
            raise StartupError("API_TYPE names no transport; name one, such as REST")
        chosen = [plugins.find(group, name) for group, names in self.names().items() for name in names]
        for plugin in chosen:
            if chosen.count(plugin) > 1:
                raise StartupError(f"{plugins.SETTING_OF[plugin.group]} names {plugin.name!r} twice")
        return chosen

    def names(self) -> dict[str, Sequence[str]]:
        """The chosen names of each entry-point group, in order, defaults included."""
        return {
            plugins.TRANSPORT: self.transports,
            plugins.PERSISTENCE: self._store(),
            plugins.METRICS: self._metrics(),
            plugins.EXTENSION: self.extensions,
        }

    @property
    def unkept_state(self) -> bool:
        """Whether PERSISTENCE=1 was asked for and no Redis store is installed. The switch alone does
        not stop the start, as it does not with the protocol's reference; a store's name does."""
        return self.persistence == "1" and "redis" not in plugins.installed_names(plugins.PERSISTENCE)

    def _store(self) -> list[str]:
        if self.persistence == "0" or self.unkept_state:
            return []
        return ["redis" if self.persistence == "1" else self.persistence]

    def _metrics(self) -> list[str]:
        if self.metrics is None:
            return ["prometheus"] if "prometheus" in plugins.installed_names(plugins.METRICS) else []
        return [] if self.metrics == "0" else [self.metrics]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


def guess_selection(command_line: Sequence[str], environ: Mapping[str, str]) -> Selection:
    """Which plugins a command line chooses, before their own options are known.

    An unknown option may or may not take the word behind it as its value, so the
    API type is told by its words being names of installed transports. A wrong
    guess does no harm: the real parse corrects it.
    """
    command = click.Command(
        "seldon-run", params=list(options()), context_settings={"ignore_unknown_options": True}
    )
    context = click.Context(
        command, ignore_unknown_options=True, allow_extra_args=True, resilient_parsing=True
    )
    given, rest, _ = command.make_parser(context).parse_args(list(command_line))
    values: dict[str, Any] = {
        known.name: environ[str(known.envvar)]
        for known in options()
        if known.name and environ.get(str(known.envvar))
    }
    if "extension" in values:
        values["extension"] = [values["extension"]]
    values.update({name: value for name, value in given.items() if isinstance(value, str | list)})
    words = [word for word in rest if not word.startswith("-")][1:]
    transports = plugins.installed_names(plugins.TRANSPORT) if words else set()
    for word in words:
        if _names(word) and transports.issuperset(_names(word)):
            values["api_types"] = word
    return Selection.of(values)


def identity_from(settings: Settings) -> Identity:
    """Raises StartupError when PREDICTOR_LABELS is no JSON object."""
    try:
        labels = json.loads(settings["predictor_labels"])
    except ValueError as error:
        raise StartupError(f"PREDICTOR_LABELS is no JSON: {error}") from None
    if not isinstance(labels, dict):
        raise StartupError("PREDICTOR_LABELS is no JSON object")
    return Identity(
        unit=settings["unit_id"],
        image=settings["unit_image"],
        deployment=settings["deployment_id"],
        predictor=settings["predictor_id"],
        predictor_labels={str(key): str(value) for key, value in labels.items()},
    )


def limits_from(settings: Settings) -> Limits:
    """The limits that the settings set."""
    return Limits(
        settings["max_body_bytes"],
        settings["max_array_values"],
        settings["max_nesting"],
        timeout_s=settings["timeout_s"] or None,
        health_timeout_s=settings["health_timeout_s"],
    )
