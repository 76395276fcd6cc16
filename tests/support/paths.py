"""Folders of this repository."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
CONFORMANCE = ROOT / "tests" / "conformance"
PROJECTS = sorted([*ROOT.glob("*/pyproject.toml"), *ROOT.glob("plugins/*/pyproject.toml")])
"""The project files of all distributions of this tree."""
