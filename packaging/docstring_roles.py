"""Extension of griffe for the documentation's site: shows the roles of docstrings as code.

Docstrings name other objects as ``:class:`.Call``` or ``:meth:`Service.submit```. Markdown knows no roles.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":[a-z]+:`[~.]?([^`]+)`")


class DocstringRoles(griffe.Extension):
    """Replaces each role by the name in it."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = _ROLE.sub(r"`\1`", obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        self.on_object(obj=pkg)
