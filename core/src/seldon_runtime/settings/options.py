"""The core's settings, each declared once: flag, environment variable, type, default, help and group."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.settings.limit_options import limit_options
from seldon_runtime.settings.log_options import log_options
from seldon_runtime.settings.persistence_options import state_options
from seldon_runtime.settings.process_options import process_options
from seldon_runtime.settings.value_options import value_options
from seldon_runtime.settings.values import DEFAULT_PORT, Option, Settings, option

SERVING = "Plugins and ports"
COMPONENT = "Component"


def arguments() -> list[click.Argument]:
    """Return MODEL_NAME and API_TYPE."""
    return [
        click.Argument(["model_name"], envvar="MODEL_NAME", required=False),
        click.Argument(["api_types"], metavar="[API_TYPE]", required=False),  # the variable is --api-type's
    ]


def options() -> list[Option]:
    """Return every option of the core, group by group."""
    return [
        *serving_options(),
        *component_options(),
        *identity_options(),
        *process_options(),
        *limit_options(),
        *value_options(),
        *log_options(),
        *state_options(),
    ]


def serving_options() -> list[Option]:
    """Return the options that choose plugins, and where they listen."""
    return [
        option(
            "--api-type",
            envvar="API_TYPE",
            group=SERVING,
            help="Transports to serve, comma-separated, in any case; the same as the argument API_TYPE."
            "  [default: REST]",
        ),
        option(
            "--metrics",
            envvar="METRICS",
            group=SERVING,
            common=True,
            help="Metrics plugin; 0 turns metrics off.  [default: prometheus if installed]",
        ),
        option(
            "--extension",
            envvar="SELDON_EXTENSIONS",
            multiple=True,
            group=SERVING,
            help="Extension plugins, comma-separated or repeated; each call passes through them "
            "in this order.",
        ),
        option(
            "--protocols",
            envvar="SELDON_PROTOCOLS",
            group=SERVING,
            help="Protocols to serve, comma-separated, such as v1,v2.  [default: v1 and every installed one]",
        ),
        option(
            "--host",
            envvar="SELDON_HOST",
            default="0.0.0.0",
            group=SERVING,
            help="Address to listen on; the default means all IPv4 interfaces.",
        ),
        option(
            "--service-port",
            envvar="PREDICTIVE_UNIT_SERVICE_PORT",
            type=click.IntRange(0, 65535),
            default=DEFAULT_PORT,
            group=SERVING,
            common=True,
            help="Port of the first transport; each further transport takes the next one. 0: any free ports.",
        ),
        option(
            "--docs/--no-docs",
            envvar="SELDON_DOCS",
            default=True,
            group=SERVING,
            help="Describe the API to clients: /docs, /seldon.json and gRPC reflection.",
        ),
        option(
            "--tls-warning-days",
            envvar="SELDON_TLS_WARNING_DAYS",
            type=click.FloatRange(0),
            default=14.0,
            group=SERVING,
            help="Warn this many days before a transport's certificate expires; 0: never.",
        ),
    ]


def component_options() -> list[Option]:
    """Return the options that configure the component and its answers."""
    return [
        option(
            "--service-type",
            envvar="SERVICE_TYPE",
            type=click.Choice([t.value for t in ServiceType], case_sensitive=False),
            default=ServiceType.MODEL.value,
            group=COMPONENT,
            common=True,
            help="Role of the component in its graph.",
        ),
        option(
            "--parameters",
            envvar="PREDICTIVE_UNIT_PARAMETERS",
            default="[]",
            group=COMPONENT,
            common=True,
            help='Constructor parameters: JSON list of {"name", "value", "type"}.',
        ),
        option(
            "--strict-methods/--no-strict-methods",
            envvar="SELDON_STRICT_METHODS",
            default=True,
            group=COMPONENT,
            help="Refuse a class whose methods the runtime never calls, such as a misspelt "
            "predct; warn of similar names.",
        ),
        option(
            "--model-metadata",
            envvar="MODEL_METADATA",
            default="",
            group=COMPONENT,
            help="Metadata, JSON or YAML; its members replace those of init_metadata().",
        ),
        option(
            "--include-metrics",
            envvar="INCLUDE_METRICS_IN_CLIENT_RESPONSE",
            default="true",
            callback=lambda ctx, param, value: value.strip().lower() == "true",
            group=COMPONENT,
            help="Show the component's own metrics in answers; any value but true turns this off.",
        ),
        option(
            "--error-details/--no-error-details",
            envvar="SELDON_ERROR_DETAILS",
            default=True,
            group=COMPONENT,
            help="Send the message of an exception in user code to the client. The log always has it.",
        ),
    ]


def identity_options() -> list[Option]:
    """Return the options that an orchestrator sets to name the component."""
    return [
        option(
            "--unit-id",
            envvar="PREDICTIVE_UNIT_ID",
            group=COMPONENT,
            help="Name of the component in its graph.",
        ),
        option(
            "--unit-image",
            envvar="PREDICTIVE_UNIT_IMAGE",
            group=COMPONENT,
            help="Image of the component, with tag.",
        ),
        option(
            "--deployment-id",
            envvar="SELDON_DEPLOYMENT_ID",
            group=COMPONENT,
            help="Name of the deployment.",
        ),
        option("--predictor-id", envvar="PREDICTOR_ID", group=COMPONENT, help="Name of the predictor."),
        option(
            "--predictor-labels",
            envvar="PREDICTOR_LABELS",
            default="{}",
            group=COMPONENT,
            help="Labels of the predictor: a JSON object whose values are text.",
        ),
    ]


def mode_options() -> list[click.Option]:
    """Return the flags that make ``seldon-run`` do something else than serve."""
    return [
        click.Option(["--check"], is_flag=True, help="Load everything, print the addresses, and exit."),
        click.Option(["--help-all"], is_flag=True, help="Show every setting, and exit."),
        click.Option(["--plugins"], is_flag=True, help="The same as the command plugins."),
        click.Option(["--version"], is_flag=True, help="Show the version, and exit."),
    ]


def environment_settings(further: Sequence[click.Parameter] = ()) -> Settings:
    """Return the settings of the core, and of further options, as the environment gives them.

    Use it in programs without a command line, such as those that embed a component.
    """
    command = click.Command("seldon-run", params=[*options(), *further])
    return Settings(command.make_context("seldon-run", []).params)
