"""A pytest plugin: of a class that names ``only`` some of its tests, only those are run."""

from __future__ import annotations


def pytest_collection_modifyitems(items):
    items[:] = [
        item
        for item in items
        if item.function.__name__ in getattr(item.cls, "only", [item.function.__name__])
    ]
