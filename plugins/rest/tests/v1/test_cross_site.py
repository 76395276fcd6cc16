"""Requests of web pages of other origins that would change the component's state."""

from __future__ import annotations

import pytest

OWN = "http://models.example:5000"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TARGETS = [
    ("GET", "/send-feedback?json=%7B%22reward%22%3A1%7D", b"", {}),
    (
        "POST",
        "/send-feedback",
        b"json=%7B%22reward%22%3A1%7D",
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
    ("POST", "/api/v1.0/feedback", b'{"reward":1}', {"Content-Type": "application/json"}),
]
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://models.example:5001"},
    {"Origin": "http://[broken"},
    {"Referer": "https://evil.example/page"},
]
OWN_PAGES = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": OWN},
    {"Sec-Fetch-Site": "none"},
    {"Origin": OWN},
    {"Referer": f"{OWN}/docs/"},
]


class Learner:
    def __init__(self):
        self.rewards = 0

    def predict(self, X, names):
        return X

    def send_feedback(self, features, names, reward, truth):
        self.rewards += reward


@pytest.mark.parametrize(("verb", "target", "body", "headers"), TARGETS)
@pytest.mark.parametrize("page", FOREIGN, ids=str)
def test_feedback_from_a_page_of_another_origin_is_refused(make_app, verb, target, body, headers, page):
    learner = Learner()
    answer = make_app(learner).request(verb, target, body, {"Host": "models.example:5000", **headers, **page})
    assert answer.status == 403
    assert "--cors-origins" in answer.info
    assert learner.rewards == 0


@pytest.mark.parametrize(("verb", "target", "body", "headers"), TARGETS)
@pytest.mark.parametrize("page", OWN_PAGES, ids=str)
def test_feedback_from_a_program_or_a_page_of_this_server_is_taken(
    make_app, verb, target, body, headers, page
):
    learner = Learner()
    answer = make_app(learner).request(verb, target, body, {"Host": "models.example:5000", **headers, **page})
    assert answer.status == 200
    assert learner.rewards == 1


@pytest.mark.parametrize("origins", ["https://page.example", "*"])
def test_feedback_from_an_allowed_origin_is_taken(make_app, origins):
    headers = {"Origin": "https://page.example", "Sec-Fetch-Site": "cross-site"}
    verb, target, body, own = TARGETS[2]
    app = make_app(Learner(), "--cors-origins", origins)
    assert app.request(verb, target, body, {**own, **headers}).status == 200


@pytest.mark.parametrize("page", FOREIGN, ids=str)
def test_requests_without_an_effect_are_answered(make_app, page):
    answer = make_app(Learner()).request("GET", "/predict?json=%7B%22strData%22%3A%22s%22%7D", b"", page)
    assert answer.status == 200
