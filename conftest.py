"""The public kit's fixtures, for the tests of every distribution."""

pytest_plugins = ["seldon_runtime.testing.fixtures"]
