"""Importing plugins: only those that are chosen, as they are installed now, and named when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seldon_runtime.plugins.registry import EXTENSION, installed

from .chosen import OPTIONS, chosen, failure

Publish = Callable[..., Path]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("assert False, 'never on Sundays'", "AssertionError: never on Sundays"),
        ("raise SystemExit('no licence')", "SystemExit: no licence"),
        (None, "ModuleNotFoundError: No module named 'acme'"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named_with_its_distribution(
    publish: Publish, source: str | None, words: str
) -> None:
    publish("acme-plugin", {"extension": "acme = acme"}, source)
    error = failure(lambda: chosen("acme"))
    assert str(error) == (
        f"extension plugin 'acme' (acme-plugin 1.0, acme) cannot be imported: {words}. "
        "Reinstall it with: pip install --force-reinstall acme-plugin"
    )
    assert type(error.__cause__).__name__ == words.partition(":")[0]


def test_a_half_installed_plugin_is_named_by_its_folder_without_a_pip_command(publish: Publish) -> None:
    folder = (
        publish("acme-lost", {"extension": "lost = acme_lost"}, metadata=False) / "acme_lost-1.0.dist-info"
    )
    assert str(failure(lambda: chosen("lost"))) == (
        f"extension plugin 'lost' ({folder} ?, acme_lost) cannot be imported: ModuleNotFoundError: No module "
        f"named 'acme_lost'. No METADATA in {folder} name it: delete this folder and install the plugin again"
    )


def test_an_unchosen_plugin_is_not_imported_and_harms_nobody(publish: Publish) -> None:
    publish("acme-broken", {"extension": "broken = acme_broken"}, "raise SystemExit")
    publish("acme-gone", {"extension": "gone = acme_gone"})
    lost = publish("acme-lost", {"extension": "lost = acme_lost"}, metadata=False)
    publish("acme-good", {"extension": "good = acme_good"}, OPTIONS.format("good"))
    assert len(list(chosen("good").collect("seldon_options"))) == 2
    assert {"acme_broken", "acme_gone", "acme_lost"} & sys.modules.keys() == set()
    folders = [plugin.distribution for plugin in installed(EXTENSION) if plugin.name == "lost"]
    assert folders == [str(lost / "acme_lost-1.0.dist-info")]


def test_a_plugin_installed_after_a_first_look_is_found(publish: Publish) -> None:
    publish("acme-a", {"extension": "a = acme_a"}, OPTIONS.format("a"))
    assert list(chosen("a").collect("seldon_options"))
    publish("acme-b", {"extension": "b = acme_b"}, OPTIONS.format("b"))
    assert list(chosen("b").collect("seldon_options"))


def test_entry_points_that_change_in_place_are_seen_and_no_cache_is_written(
    publish: Publish, tmp_path: Path
) -> None:
    site = publish("acme-plugin", {"extension": "old = acme"}, OPTIONS.format("any"))
    entry_file = next(site.glob("*.dist-info/entry_points.txt"))
    program = """
        import sys
        sys.executable = "/usr/local/bin/python"  # stevedore keeps no cache for programs below /tmp
        from seldon_runtime.plugins.registry import EXTENSION, find
        from seldon_runtime.plugins.manager import PluginSet
        print(PluginSet([find(EXTENSION, sys.argv[1])]).chosen[0].name)
    """
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(site)}

    def run(name: str) -> str:
        command = [sys.executable, "-c", "\n".join(line.strip() for line in program.splitlines()), name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert run("old") == "old"
    times = entry_file.stat()
    entry_file.write_text(entry_file.read_text().replace("old", "new"))
    os.utime(entry_file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run("new") == "new"
    assert not (tmp_path / "cache").exists()
