"""The prose of this tree: docstrings, comments and texts of the sources, and paragraphs of the pages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

SOURCES = ("core/src", "plugins/*/src", "compat/src", "benchmarks", "examples/third_party/*/src")
PAGES = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "core/README.md", "plugins/*/README.md")
GENERATED = re.compile(r"_pb2(_grpc)?\.py$|/templates/")
NOUN_DECORATORS = {"property", "cached_property", "fixture"}
"""A function with such a decorator stands for a thing, which its docstring may name."""

_ENTRY = re.compile(r"^(?:\*{0,2}\w+(?:, \*{0,2}\w+)*|[\w.]+Error): (?=\S)")
"""The beginning of an entry below ``Args:`` or ``Raises:``."""
_SECTION = re.compile(r"^(?:Args|Returns|Raises|Yields|Attributes|Example|Examples|Note):$")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of prose, and where it stands."""

    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words[:160]!r}"


def source_files() -> list[Path]:
    """Return the modules that are written by hand."""
    files = sorted(path for pattern in SOURCES for root in ROOT.glob(pattern) for path in root.rglob("*.py"))
    return [path for path in files if not GENERATED.search(path.as_posix())]


def pages() -> list[Path]:
    """Return the pages of documentation."""
    return sorted(path for pattern in PAGES for path in ROOT.glob(pattern))


def relative(path: Path) -> str:
    """Return a path as it is written in this tree."""
    return path.relative_to(ROOT).as_posix()


def function_docstrings(path: Path) -> Iterator[Text]:
    """Yield the docstrings of functions and methods, but for properties and fixtures."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and not any(
                _last_name(decorator) in NOUN_DECORATORS for decorator in node.decorator_list
            ):
                yield Text(relative(path), node.lineno, text)


def source_texts(path: Path) -> Iterator[Text]:
    """Yield the blocks of prose of a module: docstrings, other strings of three words and more, comments."""
    source = path.read_text()
    for node in ast.walk(ast.parse(source)):
        text = string_of(node)
        if text is not None and len(text.split()) >= 3:
            for block in _blocks(text):
                yield Text(relative(path), node.lineno, block)  # type: ignore[attr-defined]
    yield from _comments(source, relative(path))


def page_texts(path: Path) -> Iterator[Text]:
    """Yield the paragraphs, items, headings and table cells of a page, without its code."""
    text = re.sub(
        r"^( *)(```|~~~).*?^\1\2",
        lambda code: "\n" * code[0].count("\n"),
        path.read_text(),
        flags=re.M | re.S,
    )
    start, block = 1, ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        is_new = not line.strip() or line.startswith(("#", "|", ">")) or _ITEM.match(line) is not None
        if is_new and block:
            yield from (Text(relative(path), start, cell.strip()) for cell in _cells(block) if cell.strip())
            block = ""
        if line.strip():
            start = number if not block else start
            block = f"{block} {_ITEM.sub('', line).lstrip('#> ').strip()}".strip()


def sentences(text: str) -> list[str]:
    """Return the sentences of a block."""
    return re.split(r"(?<=[.!?])[\"')]*\s+", text.strip().lstrip("\"'(*_"))


def _cells(block: str) -> list[str]:
    return re.split(r"(?<!\\)\|", block) if block.startswith("|") else [block]


def string_of(node: ast.AST) -> str | None:
    """Return the text of a string's node, with … for the values of an f-string; None for other nodes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
        return "".join(str(part) for part in parts)
    return None


def _blocks(text: str) -> Iterator[str]:
    """Yield the paragraphs of a string, and the descriptions below ``Args:`` and the like."""
    for paragraph in re.split(r"\n\s*\n", text):
        block: list[str] = []
        for line in (line.strip() for line in paragraph.splitlines()):
            entry = _ENTRY.match(line)
            if entry or _SECTION.match(line):
                yield " ".join(block)
                block = []
            if not _SECTION.match(line):
                block.append(_capitalized(line[entry.end() :]) if entry else _ITEM.sub("", line))
        yield " ".join(block)


def _capitalized(description: str) -> str:
    """Return an entry's description, which begins in lower case, as the sentence that it is."""
    return description[:1].upper() + description[1:]


def _comments(source: str, path: str) -> Iterator[Text]:
    previous, start, block = 0, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("#!"):
            words = re.sub(
                r"^#+\s*(?:noqa(?:: [\w, ]+)?|type: ignore\[[\w, -]+\]|pragma: [\w ]+)?\s*-?\s*",
                "",
                token.string,
            )
            if token.start[0] == previous + 1 and block:
                block = f"{block} {words}"
            else:
                yield from [Text(path, start, block)] if block else []
                start, block = token.start[0], words
            previous = token.start[0]
    yield from [Text(path, start, block)] if block else []


def _last_name(decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        return _last_name(decorator.func)
    return decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
