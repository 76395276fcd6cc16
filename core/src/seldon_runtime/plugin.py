"""The names that a plugin may import from the core, besides those of ``seldon_runtime`` itself.

``seldon_runtime.protocols`` has the parts of wire formats, ``seldon_runtime.testing`` the kit for a plugin's
own tests. Everything else in the core is private.
"""

from seldon_runtime.component.inspection.source import methods_in_source
from seldon_runtime.component.parameters import parse_parameters
from seldon_runtime.component.response_meta import answer_of
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, StartupError, closest
from seldon_runtime.hookspecs import Hooks, Units, hookimpl, hookspec
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.arrays.named_arrays import as_single, is_column
from seldon_runtime.inference.call import Call, Origin, Outcome, request_id, request_id_from, running_call
from seldon_runtime.inference.codec import Codec, NeutralCodec, RawCodec
from seldon_runtime.inference.deadline import remaining_s
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import Limits, check_empty_shape
from seldon_runtime.inference.memory import UNCOUNTED_BYTES, HeldMemory, MemoryBudget
from seldon_runtime.inference.message import (
    ARRAYS,
    DATA_KINDS,
    NDARRAY,
    NO_META,
    TENSOR,
    TFTENSOR,
    Feedback,
    Kind,
    Message,
    Meta,
    Metric,
    Payload,
    Request,
    SharedMeta,
)
from seldon_runtime.inference.method import EMPTY_REQUESTS, USER_METHODS, Method
from seldon_runtime.inference.predictor import (
    ArrayCall,
    HasMeta,
    Predict,
    Predictor,
    Proceed,
    Stream,
    WireMethod,
)
from seldon_runtime.inference.status import ServiceStatus
from seldon_runtime.persistence.snapshot import Buffer
from seldon_runtime.persistence.store import (
    STATE_KEY_PREFIX,
    CheckedStore,
    StateConflict,
    StateStore,
    StoredState,
    StoreError,
)
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.composed.service import ComposedService
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.composed.unit_stream import UnitStream
from seldon_runtime.service.done import Done
from seldon_runtime.service.embedded import embedded_predictor, embedded_service
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import BatchRecord, Lifecycle, Observer, SaveRecord
from seldon_runtime.service.running.threads import Task
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.derived import identity_from, limits_from
from seldon_runtime.settings.options import environment_settings
from seldon_runtime.settings.secrets import holds_secret, redacted
from seldon_runtime.settings.tls_options import tls_options
from seldon_runtime.settings.validation import Invalid, validated
from seldon_runtime.settings.values import Settings, Worker, option
from seldon_runtime.transport.addresses import url_host
from seldon_runtime.transport.free_ports import free_ports
from seldon_runtime.transport.interface import Transport
from seldon_runtime.transport.ports import Port
from seldon_runtime.transport.rlimit import allow_open_files, connection_budget
from seldon_runtime.transport.sockets import OwnSockets, Reservation, Sockets, stop_new_connections
from seldon_runtime.transport.tls import ServerTls

__all__ = [
    "ARRAYS",
    "DATA_KINDS",
    "EMPTY_REQUESTS",
    "NDARRAY",
    "NO_META",
    "STATE_KEY_PREFIX",
    "TENSOR",
    "TFTENSOR",
    "UNCOUNTED_BYTES",
    "USER_METHODS",
    "Answer",
    "ArrayCall",
    "Ask",
    "BatchRecord",
    "Batcher",
    "Buffer",
    "Call",
    "CheckedStore",
    "Codec",
    "Columns",
    "ComponentFailed",
    "ComposedService",
    "Done",
    "ErrorCode",
    "Executor",
    "Feedback",
    "HasMeta",
    "HeldMemory",
    "Hooks",
    "Identity",
    "Interceptor",
    "Invalid",
    "Kind",
    "Lifecycle",
    "Limits",
    "MemoryBudget",
    "Message",
    "Meta",
    "Method",
    "Metric",
    "NeutralCodec",
    "Observer",
    "OpenStream",
    "Origin",
    "Outcome",
    "OwnSockets",
    "Payload",
    "Port",
    "Predict",
    "Predictor",
    "Proceed",
    "RawCodec",
    "Request",
    "Reservation",
    "SaveRecord",
    "SeldonError",
    "ServerTls",
    "Service",
    "ServiceStatus",
    "ServiceType",
    "Settings",
    "SharedMeta",
    "Sockets",
    "StartupError",
    "StateConflict",
    "StateStore",
    "Steps",
    "StoreError",
    "StoredState",
    "Stream",
    "Task",
    "Transport",
    "Unit",
    "UnitStream",
    "Units",
    "WireMethod",
    "Worker",
    "allow_open_files",
    "answer_of",
    "as_single",
    "check_empty_shape",
    "closest",
    "connection_budget",
    "embedded_predictor",
    "embedded_service",
    "environment_settings",
    "free_ports",
    "holds_secret",
    "hookimpl",
    "hookspec",
    "identity_from",
    "is_column",
    "limits_from",
    "methods_in_source",
    "option",
    "parse_parameters",
    "redacted",
    "remaining_s",
    "request_id",
    "request_id_from",
    "running_call",
    "stop_new_connections",
    "tls_options",
    "url_host",
    "validated",
]
