"""Files of several workers become one page, as prometheus-client itself would make it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from seldon_runtime_metrics.series.families import families
from seldon_runtime_metrics.series.series import Family, Kind, series_of
from seldon_runtime_metrics.shared.merging import merged
from seldon_runtime_metrics.shared.value_file import ValueFile

BOUNDS = (0.5, 1.0, 2.5)
LABELS = st.dictionaries(st.sampled_from(["zone", "user"]), st.sampled_from(["a", "b", "c"]), max_size=2)
UPDATE = st.tuples(st.integers(0, 2), st.sampled_from(["a", "b"]), LABELS, st.integers(0, 5))


def write(path, kind, name, labels, value, documentation="Text."):
    family = Family(name, documentation, kind, BOUNDS if kind is Kind.HISTOGRAM else ())
    keys = [
        mmap_key(name, sample, list(all_labels), list(all_labels.values()), documentation)
        for sample, all_labels in family.samples(labels)
    ]
    series_of(family, *ValueFile(path).place(keys)).update(value)


def flat(metrics):
    """What stands on the page, and in which order within each series."""
    samples = {
        (metric.name, metric.type, sample.name, frozenset(sample.labels.items())): sample.value
        for metric in metrics
        for sample in metric.samples
    }
    assert len(samples) == sum(len(metric.samples) for metric in metrics)
    return samples


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=30, deadline=None)
@given(updates=st.lists(UPDATE, max_size=12))
def test_the_families_are_those_of_prometheus_client(tmp_path_factory, kind, updates):
    folder = tmp_path_factory.mktemp("files")
    for worker, name, labels, value in updates:
        write(folder / f"{kind.value}_slot{worker}.db", kind, name, labels, float(value))
    files = sorted(folder.glob("*.db"))
    own = list(families(kind, merged(kind, files)))
    assert flat(own) == flat(list(MultiProcessCollector.merge(map(str, files))))


def test_what_an_earlier_version_described_otherwise_is_the_same_number(tmp_path):
    for slot, documentation in enumerate(("Old.", "New.", "Old.")):
        write(tmp_path / f"counter_slot{slot}.db", Kind.COUNTER, "rows", {}, 2.0, documentation)
    (metric,) = families(Kind.COUNTER, merged(Kind.COUNTER, sorted(tmp_path.glob("*.db"))))
    assert [sample.value for sample in metric.samples] == [6.0]


def test_a_tag_named_pid_is_kept(tmp_path):
    write(tmp_path / "gauge_mostrecent_slot0.db", Kind.LAST, "level", {"pid": "7"}, 2.0)
    (metric,) = families(Kind.LAST, merged(Kind.LAST, tmp_path.glob("*.db")))
    assert metric.samples[0].labels == {"pid": "7"}


@pytest.mark.parametrize(
    "name", ["no JSON", "[1, 2, 3, 4]", '["a", "a", {"b": 1}, ""]', '["a", "a"]', "[" * 3000]
)
def test_a_name_that_is_none_is_told(tmp_path, name):
    path = tmp_path / "counter_slot0.db"
    ValueFile(path).place([name])
    with pytest.raises(ValueError, match="malformed name in a metrics file"):
        merged(Kind.COUNTER, [path])


@pytest.mark.parametrize("labels", [{}, {"le": "1.0"}], ids=["a sum", "a bucket"])
def test_a_histogram_of_which_a_part_is_missing_is_told(tmp_path, labels):
    path = tmp_path / "histogram_slot0.db"
    ValueFile(path).place([mmap_key("t", "t_sum", list(labels), list(labels.values()), "")])
    with pytest.raises(ValueError, match=r"t has \d sums and \d buckets"):
        families(Kind.HISTOGRAM, merged(Kind.HISTOGRAM, [path]))


def test_a_file_that_is_being_made_or_removed_holds_nothing(tmp_path):
    tmp_path.joinpath("counter_slot0.db").touch()
    assert not list(merged(Kind.COUNTER, [tmp_path / "counter_slot0.db", tmp_path / "counter_slot1.db"]))
