"""The ids of predictions: the client's own, or new ones."""

from __future__ import annotations

from uuid import UUID

from seldon_runtime_graph.call.puid import Puids, WithPuid, puid_of


def test_new_ids_are_different_uuids_of_version_4():
    ids = [source.new() for source in (Puids(), Puids()) for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    parsed = [UUID(each) for each in ids]
    assert [str(each) for each in parsed] == ids
    assert {(each.version, each.variant) for each in parsed} == {(4, "specified in RFC 4122")}


def test_only_an_id_of_printable_characters_is_the_clients():
    assert puid_of({"seldon-puid": "mine"}) == "mine"
    assert puid_of({}) is None
    assert puid_of({"seldon-puid": "not\u00e9"}) is None


def test_nodes_see_the_generated_id_beside_the_other_headers():
    headers = WithPuid({"seldon-puid": "\u00e9", "x-own": "1"}, "new")
    assert dict(headers) == {"x-own": "1", "seldon-puid": "new"}
