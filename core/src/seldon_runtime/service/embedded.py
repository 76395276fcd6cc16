"""An existing object as a service or a predictor, for programs and tests that call it without a server."""

from __future__ import annotations

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.errors import ComponentFailed, SeldonError
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.service import Service
from seldon_runtime.service.unit import Unit


def embedded_predictor(
    user: object,
    identity: Identity | None = None,
    service_type: ServiceType = ServiceType.MODEL,
    *,
    show_metrics: bool = True,
    metadata_override: str = "",
    type_hints: bool = True,
) -> Predictor:
    """Return a predictor that calls ``user`` on the calling thread. Does not call ``load()``.

    Args:
        user: an instance of a user's class.
        identity: the component's names in its deployment.
        service_type: the role of the component in its graph.
        show_metrics: True to show the component's own metrics in answers.
        metadata_override: like MODEL_METADATA; its members override those of ``init_metadata()``.
        type_hints: False to leave the type hints of methods without effect.

    Raises:
        StartupError: a method needs arguments that the runtime never passes.
        ComponentFailed: an attribute of the class cannot be read.
    """
    return ComponentAdapter(
        user,
        identity,
        service_type,
        show_metrics=show_metrics,
        wires=("rest", "grpc"),
        metadata_override=metadata_override,
        hints=Hints(Limits(), convert=type_hints),
    )


def embedded_service(
    user: object,
    identity: Identity | None = None,
    service_type: ServiceType = ServiceType.MODEL,
    *,
    show_metrics: bool = True,
    type_hints: bool = True,
) -> Service:
    """Return a ready service that calls ``user`` on a thread of its own. Does not call ``load()``.

    The thread is a daemon: it ends with the program.

    Args:
        user: an instance of a user's class.
        identity: the component's names in its deployment.
        service_type: the role of the component in its graph.
        show_metrics: True to show the component's own metrics in answers.
        type_hints: False to leave the type hints of methods without effect.

    Raises:
        StartupError: a method needs arguments that the runtime never passes.
        ComponentFailed: ``init_metadata()`` raised.
    """
    executor = Executor()
    executor.start()
    names = identity or Identity()
    hints = Hints(Limits(), convert=type_hints)
    adapter = executor.run(
        lambda: ComponentAdapter(
            user, names, service_type, show_metrics=show_metrics, wires=("rest",), hints=hints
        )
    )
    unit = Unit(adapter, executor, names, service_type, user)
    try:
        metadata = executor.run(adapter.metadata)
    except ComponentFailed:
        raise
    except SeldonError as error:
        service = ComponentService(unit, metadata=error)
    else:
        service = ComponentService(unit, metadata=metadata)
    service.ready = True
    return service
