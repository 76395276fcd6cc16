"""Hooks of MkDocs for the documentation's site.

Pages link to files outside of ``docs/``, so that they also work where the repository is read. On the site
such a link leads to the repository, if ``SITE_REPOSITORY_URL`` names it. Else it becomes the path in plain
text.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
INCLUDED = {
    "contributing/index.md": "CONTRIBUTING.md",
    "contributing/conduct.md": "CODE_OF_CONDUCT.md",
    "contributing/security.md": "SECURITY.md",
    "contributing/changelog.md": "CHANGELOG.md",
}
"""Pages of the site that stand elsewhere in the repository, by their place on the site."""

_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand elsewhere in the repository."""
    for place, source in INCLUDED.items():
        content = (ROOT / source).read_text("utf-8")
        if source == "CHANGELOG.md":
            content += unreleased()
        files.append(File.generated(config, place, content=content))
    return files


def unreleased() -> str:
    """Return the changes since the last release, collected by towncrier."""
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "Unreleased"]
    done = subprocess.run([*command, "--date", "today"], cwd=ROOT, capture_output=True, text=True, check=True)
    return "\n" + done.stdout[done.stdout.index("## ") :]


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Rewrite the links that leave the site."""
    place = page.file.src_uri
    folder = posixpath.dirname(posixpath.join("docs", place))
    if place in INCLUDED:
        folder = posixpath.dirname(INCLUDED[place])

    def rewritten(link: re.Match[str]) -> str:
        text, target = link[1], link[2]
        if re.match(r"[a-z]+:|#", target):
            return link[0]
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(folder, path))
        suffix = f"#{anchor}" if anchor else ""
        if path.startswith("docs/"):
            start = posixpath.dirname(place) or "."
            return f"[{text}]({posixpath.relpath(path.removeprefix('docs/'), start)}{suffix})"
        included = {source: page for page, source in INCLUDED.items()}
        if path in included:
            return f"[{text}]({posixpath.relpath(included[path], posixpath.dirname(place) or '.')}{suffix})"
        repository = os.environ.get("SITE_REPOSITORY_URL", "").rstrip("/")
        if repository:
            return f"[{text}]({repository}/blob/main/{path}{suffix})"
        return text if path in text else f"{text} (`{path}`)"

    # A link's text may hold code, so only whole blocks of code are left alone.
    pieces = re.split(r"(^```.*?^```)", markdown, flags=re.M | re.S)
    return "".join(piece if piece.startswith("```") else _LINK.sub(rewritten, piece) for piece in pieces)
