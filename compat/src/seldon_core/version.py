"""The version of the package."""

from seldon_core import __version__

__all__ = ["__version__"]
