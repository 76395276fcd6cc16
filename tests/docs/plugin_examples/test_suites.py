"""The examples for plugin authors pass the contract suites, and their own tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.plugin import Batcher, Interceptor, Observer
from seldon_runtime.testing import BatcherContract, InterceptorContract, ObserverContract, make_distribution
from tests.support.pages import PLUGINS, Page, passed, run_tests

PAGE = Page(*PLUGINS)


class TestSlowCalls(ObserverContract):
    def make_observer(self) -> Observer:
        observer: Observer = PAGE.module("acme_slow").SlowCalls(0.0)
        return observer


class TestSpans(ObserverContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "spans"

    def make_observer(self) -> Observer:
        observer: Observer = PAGE.module("acme_spans").Spans(self.path)
        return observer


class TestStacking(BatcherContract):
    def make_batcher(self, service: Any) -> Batcher:
        batcher: Batcher = PAGE.module("acme_stacking").Stacking(32, 0.0)
        return batcher


class TestLimiter(InterceptorContract):
    def make_interceptor(self, service: Any) -> Interceptor:
        interceptor: Interceptor = PAGE.module("acme_limiter").RateLimiter(1e6, 1e6)
        return interceptor


class TestAtOnce(InterceptorContract):
    def make_interceptor(self, service: Any) -> Interceptor:
        interceptor: Interceptor = PAGE.module("acme_limiter").AtOnce(20)
        return interceptor


class TestCache(InterceptorContract):
    def make_interceptor(self, service: Any) -> Interceptor:
        interceptor: Interceptor = PAGE.module("acme_cache").Cache(10)
        return interceptor


class TestClipping(InterceptorContract):
    passes_unchanged = False

    def make_interceptor(self, service: Any) -> Interceptor:
        interceptor: Interceptor = PAGE.module("acme_clipping").seldon_interceptor()
        return interceptor


@pytest.mark.timeout(300)
def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    names = ("acme_guard", "acme_cache", "test_acme_guard", "test_acme_cache", "conftest")
    site = make_distribution(tmp_path / "site", "acme", {}, PAGE.sources(*names))
    assert passed(run_tests(site, tmp_path)) > 40
