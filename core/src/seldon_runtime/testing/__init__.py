"""The kit for authors of plugins: suites that a plugin's own tests subclass. Needs pytest."""

from seldon_runtime.testing.state_store import StateStoreContract

__all__ = ["StateStoreContract"]
