"""The page as a whole: no example goes untested."""

from __future__ import annotations

from pathlib import Path

from tests.support.pages import PLUGINS, Page

PAGE = Page(*PLUGINS)
TUTORIAL = Path(__file__).parents[1] / "test_tutorial.py"


def test_every_example_of_the_page_is_run_here() -> None:
    modules = [*Path(__file__).parent.glob("test_*.py"), TUTORIAL]
    source = "".join(path.read_text("utf-8") for path in modules)
    for name in PAGE.files:
        assert f'"{name.removesuffix(".py")}"' in source, name
