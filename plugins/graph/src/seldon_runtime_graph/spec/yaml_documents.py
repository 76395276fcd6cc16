"""The documents of YAML text that nobody trusts. The errors of PyYAML become faults of the text."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from seldon_runtime.plugin import StartupError

_MERGE = "tag:yaml.org,2002:merge"
_OF_VALUES = (ValueError, TypeError, LookupError, AttributeError)
"""The errors of PyYAML for a value that does not fit its tag, such as ``!!bool x``."""


class _UniqueMembers(yaml.SafeLoader):
    """A loader that refuses a member which stands twice in an object, as clusters do."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the object of a node, whose own members are unique; merged ones may stand there, too."""
        seen = set()
        members: Any = node.value  # a text if the tag !!map stands before one
        for key, _ in members if isinstance(members, list) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"an object has the member {key.value!r:.80} twice", problem_mark=key.start_mark
                )
            seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def documents_of(text: str) -> list[Any]:
    """Return the documents of YAML text.

    Raises:
        StartupError: the text is not valid YAML, nests too deeply, or has a member twice.
    """
    try:
        return list(yaml.load_all(text, _UniqueMembers))
    except RecursionError:
        raise StartupError("the file nests too deeply for YAML: write it as JSON") from None
    except (yaml.YAMLError, *_OF_VALUES) as error:
        raise StartupError(f"the file is not valid YAML: {_fault(error)}") from None


def _fault(error: Exception) -> str:
    """Return the place and the problem of an error in one line."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None or not error.problem:
        return str(error)
    mark, problem = error.problem_mark, error.problem
    remedy = ". Indent with spaces" if r"'\t'" in problem else ""
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}{remedy}"
