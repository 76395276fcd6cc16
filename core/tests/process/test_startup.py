"""The start: plugins' hooks receive what they need, and the parts that started stop if it fails."""

from __future__ import annotations

import sys

import pytest

from seldon_runtime.errors import StartupError

from .runtimes import Loader

SPECIFIES = """
    import sys, types

    specifications = types.ModuleType("acme_specifications")

    @hookspec
    def seldon_acme_routes(service):
        '''Give routes.'''

    specifications.seldon_acme_routes = seldon_acme_routes
    given = []

    @hookimpl
    def seldon_hookspecs():
        return specifications

    @hookimpl
    def seldon_transport(service, hooks):
        given.extend(hooks.collect("seldon_acme_routes", service=service))
"""
IMPLEMENTS = """
    @hookimpl(optionalhook=True)
    def seldon_acme_routes(service):
        return ["/hello", service.class_name]
"""


def test_a_plugin_may_specify_hooks_that_others_implement(load_with: Loader) -> None:
    load_with(IMPLEMENTS, SPECIFIES)  # in either order
    assert [item for _, item in sys.modules["acme1"].given] == ["/hello", "Model"]


def test_a_hook_of_a_plugin_that_is_not_selected_is_ignored_if_it_is_optional(load_with: Loader) -> None:
    assert load_with(IMPLEMENTS).class_name == "Model"


def test_a_hook_of_a_plugin_that_is_not_selected_is_refused_with_the_remedy(load_with: Loader) -> None:
    with pytest.raises(StartupError, match=r"mark yours with @hookimpl\(optionalhook=True\)"):
        load_with(IMPLEMENTS.replace("(optionalhook=True)", ""))


def test_parts_that_were_started_are_stopped_when_the_start_fails_later(load_with: Loader) -> None:
    source = """
    trace = []

    class Part(Observer, Interceptor):
        def __init__(self, name, fails=False):
            self.name, self.fails = name, fails

        def start(self):
            if self.fails:
                raise OSError("no port")
            trace.append(f"{self.name} starts")

        def stop(self, grace_s):
            trace.append(f"{self.name} stops")

    @hookimpl
    def seldon_observer():
        return Part("observer")

    @hookimpl
    def seldon_interceptor():
        return [Part("first"), Part("second", fails=True)]
    """
    with pytest.raises(StartupError, match="failed to start: OSError: no port"):
        load_with(source)
    trace = sys.modules["acme0"].trace
    assert trace == ["observer starts", "first starts"]


EVERY_HOOK = """
    import seldon_runtime.hookspecs as specs

    given = {}

    @hookimpl
    def seldon_observer(settings, hooks):
        given["observer"] = hooks

    @hookimpl
    def seldon_service(units, settings, hooks):
        given["service"] = hooks

    @hookimpl
    def seldon_predictor(reference, hooks):
        given["predictor"] = hooks

    @hookimpl
    def seldon_load_component(reference, hooks):
        given["load_component"] = hooks

    @hookimpl
    def seldon_interceptor(hooks):
        given["interceptor"] = hooks

    @hookimpl
    def seldon_batcher(hooks):
        given["batcher"] = hooks

    @hookimpl
    def seldon_transport(hooks):
        given["transport"] = hooks
"""


def test_every_hook_that_makes_objects_receives_the_hooks(load_with: Loader) -> None:
    service = load_with(EVERY_HOOK, SPECIFIES, IMPLEMENTS)
    given = sys.modules["acme0"].given
    assert len(given) == 7
    for hooks in given.values():
        items = [item for _, item in hooks.collect("seldon_acme_routes", service=service)]
        assert items == ["/hello", "Model"]
