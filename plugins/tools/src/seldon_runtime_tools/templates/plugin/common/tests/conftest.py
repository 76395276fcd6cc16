"""The fixtures of the runtime's test kit."""

pytest_plugins = ["seldon_runtime.testing.fixtures"]
