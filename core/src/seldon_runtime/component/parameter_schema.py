"""The schema of a constructor parameter. It imports msgspec, so the runtime imports it only when needed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1)]


class Parameter(Struct):
    """A member of PREDICTIVE_UNIT_PARAMETERS. Further keys are ignored."""

    name: Name
    value: Any
    type: Name
