"""Hooks of the V2 plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from seldon_runtime.plugin import Service, Settings, hookimpl, option

if TYPE_CHECKING:
    from seldon_runtime_grpc.extension import GrpcService
    from seldon_runtime_rest.extension import HttpErrors, HttpRoute
    from seldon_runtime_v2.statistics import Statistics


class V2Plugin:
    """The hooks of one start, which share one object with statistics.

    The plugin manager creates an instance of it for each start.
    """

    def __init__(self) -> None:
        self._made: Statistics | None = None

    @hookimpl
    def seldon_options(self) -> Sequence[click.Option]:
        """Return the option of the model's name."""
        return [
            option(
                "--v2-model-name",
                envvar="SELDON_V2_MODEL_NAME",
                help="Name of the model in the paths of the Open Inference Protocol.  [default: the unit's "
                "id, else the class]",
            ),
        ]

    @hookimpl(optionalhook=True)
    def seldon_http_routes(self, service: Service, settings: Settings) -> Sequence[HttpRoute | HttpErrors]:
        """Return the routes of V2."""
        from seldon_runtime.protocols.non_finite import NonFinite
        from seldon_runtime_rest.extension import described_inputs
        from seldon_runtime_v2.mapping.model import ServedModel  # --help needs nothing of these
        from seldon_runtime_v2.rest.documentation import Operations
        from seldon_runtime_v2.rest.routes import Routes

        model = ServedModel(service, settings["v2_model_name"], NonFinite(settings["non_finite"]))
        operations = Operations(model, described_inputs(service))
        return list(Routes(service, model, self._statistics(), operations).all())

    @hookimpl(optionalhook=True)
    def seldon_grpc_services(self, service: Service, settings: Settings) -> GrpcService:
        """Return the gRPC service of V2."""
        from seldon_runtime.protocols.non_finite import NonFinite
        from seldon_runtime_v2.grpc.services import InferenceService
        from seldon_runtime_v2.mapping.model import ServedModel

        model = ServedModel(service, settings["v2_model_name"], NonFinite(settings["non_finite"]))
        return InferenceService(service, model, self._statistics()).described()

    def _statistics(self) -> Statistics:
        if self._made is None:
            from seldon_runtime_v2.statistics import Statistics

            self._made = Statistics()
        return self._made
