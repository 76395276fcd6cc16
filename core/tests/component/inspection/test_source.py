"""The methods of a class, from its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_runtime.component.inspection.source import methods_in_source

SOURCE = (
    "class Base:\n    async def send_feedback(self): ...\n\n\nclass Router(Base):\n    def route(self): ...\n"
)


@pytest.mark.parametrize(
    ("reference", "file"),
    [
        ("Router", "Router.py"),
        ("pkg.Router", "pkg/Router.py"),
        ("pkg.routers.Router", "pkg/routers.py"),
        ("pkg.routers:Router", "pkg/routers.py"),
        ("pkg.Router", "pkg/__init__.py"),
        ("pkg/Router.py", "pkg/Router.py"),
        ("pkg/routers.py:Router", "pkg/routers.py"),
    ],
)
def test_the_class_is_found_where_seldon_run_imports_it(tmp_path: Path, reference: str, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(SOURCE)
    assert methods_in_source(tmp_path, reference) == {"route", "send_feedback"}


@pytest.mark.parametrize("source", [None, "class Other: ...", "def broken(:", "\0"])
def test_there_is_none_without_a_source_that_can_be_read(tmp_path: Path, source: str | None) -> None:
    if source is not None:
        (tmp_path / "Router.py").write_text(source)
    assert methods_in_source(tmp_path, "Router") is None


@pytest.mark.parametrize(
    ("base", "methods"),
    [
        ("object", {"route"}),
        ("user_model.SeldonComponent", {"route"}),
        ("Elsewhere", None),
        ("lib.Elsewhere", None),
        ("Generic[T]", None),
    ],
)
def test_bases_of_other_files_may_have_any_method(tmp_path: Path, base: str, methods: object) -> None:
    (tmp_path / "Router.py").write_text(f"class Router({base}):\n    def route(self): ...\n")
    assert methods_in_source(tmp_path, "Router") == methods


def test_bases_that_form_a_ring_end(tmp_path: Path) -> None:
    (tmp_path / "Router.py").write_text("class A(Router): ...\nclass Router(A):\n    def route(self): ...\n")
    assert methods_in_source(tmp_path, "Router") == {"route"}


def test_the_names_that_decorators_add_count(tmp_path: Path) -> None:
    (tmp_path / "Router.py").write_text(
        "class Router:\n"
        "    @staticmethod\n    @method('route')\n    def choose(X): ...\n"
        "    @seldon_runtime.method('send_feedback')\n    @cache\n    @other('x')\n    def learn(self): ...\n"
    )
    assert methods_in_source(tmp_path, "Router") == {"route", "choose", "send_feedback", "learn"}
