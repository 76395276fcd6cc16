"""The import package of the Seldon Core v1 wrapper, provided by the Seldon runtime.

User classes import it on the component's thread, and ``microservice`` is the command. Importing it raises
ImportError if the distribution ``seldon-core`` is installed too: both own this package, and chance would
decide between their files.
"""

from importlib.metadata import PackageNotFoundError, version

__version__ = "0.1.0"


def _refuse_the_other() -> None:
    try:
        other = version("seldon-core")
    except PackageNotFoundError:
        return
    raise ImportError(
        f"seldon-core {other} and seldon-runtime-compat {__version__} are both installed, and both own the "
        "package seldon_core. Keep one: pip uninstall -y seldon-core seldon-runtime-compat && "
        "pip install seldon-runtime-compat"
    )


_refuse_the_other()

from seldon_core.storage import Storage  # noqa: E402 - after the check

__all__ = ["Storage"]
