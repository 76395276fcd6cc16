"""State that cannot be pickled: at the start, and later."""

from __future__ import annotations


def test_what_cannot_be_pickled_stops_the_start_and_is_named(tally):
    change = ("self.loads = 0", "self.loads = 0; self.models = {'a': [1, (x for x in [])]}")
    server = tally(change=change, wait=False)
    assert server.wait() == 3
    assert "self.models['a'][1] (generator) cannot be pickled" in server.log
    assert "__getstate__" in server.log


def test_what_cannot_be_pickled_later_degrades_and_is_saved_when_it_can_again(tally, count, until):
    change = ("self.count += 1", "self.count += 1; self.bad = (x for x in []) if X == 'bad' else None")
    server = tally("--persistence-interval", "0.1", change=change)
    server.post("/predict", {"strData": "bad"})
    server.wait_for_log(r"self\.bad \(generator\) cannot be pickled")
    until(lambda: server.get("/health/ready").json == {"ready": True, "degraded": ["state"]})
    assert server.get("/health/status").status == 200
    count(server)
    until(lambda: server.get("/health/ready").json == {"ready": True})
