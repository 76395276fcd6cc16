"""Not there: raises ImportError with what to use instead."""

raise ImportError(
    "seldon-runtime-compat has no seldon_core.seldon_client: ask a component with any HTTP client, or over "
    "gRPC with stubs made of prediction.proto; see docs/migration.md of the Seldon runtime"
)
