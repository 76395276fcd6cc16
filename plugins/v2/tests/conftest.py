"""V2 on the ports of REST and gRPC.

Modules that other files test:

    plugin, server: plugins/v2/tests/rest/test_routes.py, plugins/v2/tests/grpc/test_services.py
"""

pytest_plugins = ["seldon_runtime.testing.fixtures"]
