"""The doctor reports the versions of distributions, damaged ones, and requirements that are not met."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.diagnostics import checks, versions
from seldon_runtime.plugins import entry_points

Run = Callable[..., Any]


def test_a_damaged_distribution_is_told(
    seldon_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "damaged" / "acme_damaged-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: acme-damaged\nVersion: 1.0\n")
    info.joinpath("entry_points.txt").write_text("[seldon_runtime.transport]\nno equals sign\n")
    monkeypatch.syspath_prepend(info.parent)
    found = list(checks.of_damage(entry_points.damaged()))
    assert [(finding.severity, finding.text[:47]) for finding in found] == [
        ("warning", "the entry points of acme-damaged cannot be read")
    ]


@pytest.fixture
def needing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "needing" / "acme_needing-1.0.dist-info"
    info.mkdir(parents=True)
    needs = [
        "not-there-at-all>=2",
        "click>=8",
        "numpy<1",
        'other; extra == "more"',
        'third; sys_platform == "none"',
    ]
    lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-needing\nVersion: 1.0\n{lines}")
    monkeypatch.syspath_prepend(info.parent)


@pytest.mark.usefixtures("needing")
def test_what_a_distribution_needs_and_is_not_there_is_told() -> None:
    found = versions.versions(["acme-needing"])
    assert found["not-there-at-all"] == ""
    assert found["numpy"] == versions.version("numpy")
    assert {"other", "third"} & found.keys() == set()
    assert [finding.text for finding in checks.of_requirements(["acme-needing"])] == [
        "acme-needing needs not-there-at-all>=2, which is not installed. "
        "Install it with: pip install --upgrade acme-needing",
        f"acme-needing needs numpy<1, but {versions.version('numpy')} is installed. "
        "Install it with: pip install --upgrade acme-needing",
    ]


@pytest.mark.usefixtures("needing")
def test_without_packaging_only_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    monkeypatch.setitem(sys.modules, "packaging.markers", None)
    assert versions.unmet("acme-needing") == ["not-there-at-all>=2, which is not installed"]


def test_python_and_versions_are_told(doctor: Run) -> None:
    report = doctor("MyModel")
    assert report["python"].startswith(versions.platform.python_implementation())
    assert report["versions"]["click"] == versions.version("click")
    assert report["versions"]["seldon-runtime"]
