"""Entry points of installed distributions, also of those whose metadata are damaged or lost."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageMetadata, distributions
from pathlib import Path

import pytest

from seldon_runtime.plugins.entry_points import damaged
from seldon_runtime.plugins.registry import EXTENSION, installed

Publish = Callable[..., Path]


@pytest.fixture
def strict_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the look-up of a missing metadata field raise, as it does from Python 3.14 on."""
    kind: type[PackageMetadata] = type(next(iter(distributions())).metadata)
    lenient = kind.__getitem__

    def strict(self: PackageMetadata, key: str) -> str:
        if key not in self:
            raise KeyError(key)
        return lenient(self, key)

    monkeypatch.setattr(kind, "__getitem__", strict)


@pytest.mark.usefixtures("strict_fields")
@pytest.mark.parametrize("text", ["", "Metadata-Version: 2.1\n", "Version: 1.0\n", "rubbish"])
def test_a_distribution_without_a_name_keeps_its_plugins_and_hides_no_other(
    publish: Publish, text: str
) -> None:
    publish("acme-good", {"extension": "good = acme_good"})
    nameless = publish("acme-lost", {"extension": "lost = acme_lost"})
    next(nameless.glob("*/METADATA")).write_text(text)
    found = {plugin.name: plugin.distribution for plugin in installed(EXTENSION)}
    assert found == {"good": "acme-good", "lost": str(next(nameless.glob("*.dist-info")))}


@pytest.mark.usefixtures("strict_fields")
def test_a_distribution_without_a_version_keeps_its_plugins(publish: Publish) -> None:
    site = publish("acme", {"extension": "acme = acme"})
    next(site.glob("*/METADATA")).write_text("Name: acme\n")
    assert [(plugin.distribution, plugin.version) for plugin in installed(EXTENSION)] == [("acme", "?")]


@pytest.mark.usefixtures("strict_fields")
def test_a_damaged_distribution_without_a_name_is_reported_by_its_folder(publish: Publish) -> None:
    site = publish("acme-lost", {"extension": "lost = acme_lost"}, metadata=False)
    next(site.glob("*/entry_points.txt")).write_text("[seldon_runtime.extension]\nno equals sign\n")
    assert str(next(site.glob("*.dist-info"))) in damaged()


def test_of_two_distributions_of_one_name_the_first_on_the_path_counts(publish: Publish) -> None:
    publish("acme", {"extension": "old = acme_old"})
    hidden = publish("acme-newer", {"extension": "new = acme_new"})
    (metadata,) = hidden.glob("*/METADATA")
    metadata.write_text(metadata.read_text().replace("acme-newer", "acme"))
    metadata.parent.rename(metadata.parent.with_name("acme-2.0.dist-info"))
    assert [plugin.name for plugin in installed(EXTENSION)] == ["new"]


def test_a_damaged_distribution_has_no_plugins_and_hides_no_other(
    publish: Publish, caplog: pytest.LogCaptureFixture
) -> None:
    publish("acme-good", {"extension": "good = acme_good"})
    (file,) = publish("acme-damaged", {"extension": "bad = acme_bad"}).glob("*/entry_points.txt")
    file.write_text("[seldon_runtime.extension]\nno equals sign\n")
    assert [plugin.name for plugin in installed(EXTENSION)] == ["good"]
    assert "the entry points of the distribution acme-damaged cannot be read" in caplog.text
