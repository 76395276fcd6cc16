"""What classes made for the Seldon Core v1 wrapper import, provided by the Seldon runtime.

Raises ImportError when the distribution ``seldon-core`` is installed as well: both would be this package,
each with files of its own, and which of them is used would be chance.
"""

from importlib.metadata import PackageNotFoundError, version

__version__ = "0.1.0"


def _refuse_the_other() -> None:
    try:
        other = version("seldon-core")
    except PackageNotFoundError:
        return
    raise ImportError(
        f"seldon-core {other} and seldon-runtime-compat {__version__} are both installed, and both are the "
        "package seldon_core. Keep one: pip uninstall -y seldon-core seldon-runtime-compat && "
        "pip install seldon-runtime-compat"
    )


_refuse_the_other()

from seldon_core.storage import Storage  # noqa: E402 - what works only alone comes last

__all__ = ["Storage"]
