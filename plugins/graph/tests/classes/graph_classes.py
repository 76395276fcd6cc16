"""Classes of the nodes in tests of graphs."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np

from seldon_runtime import request
from seldon_runtime.testing import WAIT_S


class Unit:
    def __init__(self, add=0.0, mul=1.0, route_to=0, fail="", wait_s=0.0):
        self.add, self.mul, self.route_to, self.fail, self.wait_s = add, mul, route_to, fail, wait_s
        self.rewards = []

    def _numbers(self, X, method):
        time.sleep(self.wait_s)
        if method in self.fail.split():
            raise ValueError(f"no {method}")
        return np.asarray(X, dtype=float) * self.mul + self.add

    def predict(self, X, names=None):
        return self._numbers(X, "predict")

    def transform_input(self, X, names=None):
        return self._numbers(X, "transform_input")

    def transform_output(self, X, names=None):
        return self._numbers(X, "transform_output")

    def route(self, X, names=None):
        return self.route_to

    def aggregate(self, Xs, names=None):
        return sum(np.asarray(X, dtype=float) for X in Xs)

    def send_feedback(self, X, names, reward, truth, routing=None):
        self.rewards.append(reward)
        self.route_to = 1 if sum(self.rewards) > 0 else self.route_to

    def health_status(self):
        if self.fail == "health":
            raise ValueError("not well")
        return "well"

    def init_metadata(self):
        return {"name": "unit", "versions": ["1"], "platform": "test"}


class Described(Unit):
    def init_metadata(self):
        array = {"messagetype": "array", "schema": {"shape": [2]}}
        return {
            "name": "first",
            "versions": ["1", "2"],
            "platform": "p",
            "inputs": [array],
            "outputs": [array],
        }


class Broken:
    """Answers with an expression, raises, or has tags that are not a dict."""

    def __init__(self, expression="X", raises="", tags="{}"):
        self.expression, self.raises, self._tags = expression, raises, tags

    def predict(self, X, names=None):
        if self.raises:
            raise ValueError(self.raises) if " " in self.raises else KeyError(self.raises)
        return eval(self.expression, {"X": X})

    route = predict

    def send_feedback(self, X, names, reward, truth, routing=None):
        return None

    def tags(self):
        return eval(self._tags)


def fail(text):
    raise ValueError(text)


class Streamed:
    """Streams the value of an expression."""

    def __init__(self, expression):
        self.expression = expression

    def predict(self, X, names=None):
        yield eval(self.expression, {"X": X, "fail": fail})


class StreamedLater(Streamed):
    async def predict(self, X, names=None):
        await asyncio.sleep(0)
        yield eval(self.expression, {"X": X, "fail": fail})


class Fails:
    def __init__(self, wait_s):
        float(wait_s)


class Puid:
    def predict(self, X, names=None):
        return request().headers["Seldon-Puid"]


class Alters:
    def predict(self, X, names=None):
        X += 100
        return X


class Shows:
    def predict(self, X, names=None):
        return X

    def tags(self):
        return {"shown": True}


class Remembers:
    """Tells all calls so far in a list of its own, to which it adds."""

    def __init__(self):
        self.calls = []

    def predict(self, X, names=None):
        self.calls.append(float(X[0][0]))
        return X

    def tags(self):
        return {"calls": self.calls}


class Marks:
    """Adds a tag to the meta that it receives."""

    def __init__(self, tag):
        self.tag = tag
        self.metas = []

    def predict(self, X, names, meta):
        self.metas.append({**meta["tags"]})
        meta["tags"]["mark"] = self.tag
        return X


class Raw:
    def predict_raw(self, msg):
        return {**msg, "meta": {"tags": {"raw": sorted(msg)}}}


class HalfText:
    """Answers with one half of a surrogate pair, which JSON can carry and UTF-8 cannot."""

    def predict(self, X, names=None):
        return "\ud800"


class Teapot:
    def predict_raw(self, msg):
        return {"status": {"code": 418, "info": "short and stout", "reason": "TEAPOT"}}


class Counts:
    def predict(self, X, names=None):
        return X

    def route(self, X, names=None):
        return 0

    def metrics(self):
        return [{"type": "COUNTER", "key": "calls", "value": 1}]


class Shouts:
    def transform_input(self, X, names=None):
        return X.upper()

    def tags(self):
        return {"loud": True}


class ShoutsLater(Shouts):
    async def transform_input(self, X, names=None):
        await asyncio.sleep(0)
        return X.upper()


class Spells:
    """Streams the letters of a text; an exclamation mark is an error."""

    def __init__(self):
        self.closed = 0

    def predict(self, X, names=None):
        try:
            for letter in X:
                if letter == "!":
                    raise ValueError("too loud")
                yield letter
        finally:
            self.closed += 1

    def tags(self):
        return {"spelt": True}

    def metrics(self):
        return [{"type": "COUNTER", "key": "letters", "value": 1}]


class SpellsLater(Spells):
    async def predict(self, X, names=None):
        try:
            for letter in X:
                await asyncio.sleep(0)
                if letter == "!":
                    raise ValueError("too loud")
                yield letter
        finally:
            self.closed += 1


class Holds:
    """Holds each call until ``open`` is set, without its thread."""

    def __init__(self):
        self.entered = []
        self.cancelled = []
        self.open = False

    async def predict(self, X, names=None):
        self.entered.append(X)
        try:
            while not self.open:
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            self.cancelled.append(X)
            raise
        return X


class Keeps:
    """Answers each call in the same array."""

    def __init__(self):
        self.own = np.zeros((1, 1))
        self.calls = 0

    def predict(self, X, names=None):
        self.own[:] = X
        self.calls += 1
        return self.own


class Gated:
    """Holds its thread in each call until ``opened`` is set."""

    def __init__(self):
        self.entered = []
        self.opened = threading.Event()

    def _held(self, answer):
        self.entered.append(answer)
        self.opened.wait(WAIT_S)
        return answer

    def predict(self, X, names=None):
        return self._held(X)

    def transform_output(self, X, names=None):
        return self._held(X)

    def route(self, X, names=None):
        return self._held(0)

    def aggregate(self, Xs, names=None):
        return self._held(Xs[0])

    def send_feedback(self, X, names, reward, truth, routing=None):
        self._held(None)

    def health_status(self):
        return self._held("well")


class SpellsAndWaits:
    """Streams the first letter of a text, and then no other for a while."""

    async def predict(self, X, names=None):
        yield X[0]
        await asyncio.sleep(WAIT_S)
