"""Plugins as real distributions: found by name, asked in order, and named in every error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from seldon_runtime import hookimpl
from seldon_runtime.builtin import defaults
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import (
    EXTENSION,
    METRICS,
    PERSISTENCE,
    TRANSPORT,
    Plugin,
    find,
    installed,
)

from .chosen import OPTIONS, chosen, failure

Publish = Callable[..., Path]


def test_what_is_installed_is_listed_by_name_without_being_imported(publish: Publish) -> None:
    publish("acme-two", {"transport": "mqtt = acme_two"}, "raise ImportError")
    publish("acme-one", {"transport": "AMQP = acme_one:plugin", "metrics": "stats = acme_one"}, version="2.3")
    assert installed(TRANSPORT) == [
        Plugin(TRANSPORT, "amqp", "acme_one:plugin", "acme-one", "2.3"),
        Plugin(TRANSPORT, "mqtt", "acme_two", "acme-two", "1.0"),
    ]
    assert [str(plugin) for plugin in installed(METRICS)] == [
        "metrics plugin 'stats' (acme-one 2.3, acme_one)"
    ]
    assert installed(PERSISTENCE) == []
    assert "acme_two" not in sys.modules


def test_a_name_is_found_in_any_case(publish: Publish) -> None:
    publish("acme-mqtt", {"metrics": "Mqtt = acme_mqtt"}, OPTIONS.format("mqtt"))
    assert find(METRICS, "MQTT").distribution == "acme-mqtt"
    found = PluginSet([find(METRICS, "mQtt")]).collect("seldon_options")
    assert [option.name for _, option in found] == ["mqtt_level", "mqtt_name"]


def test_a_missing_name_is_told_with_what_is_there_and_what_may_be_meant(publish: Publish) -> None:
    publish("acme-mqtt", {"transport": "mqtt = acme_mqtt"})
    assert str(failure(lambda: find(TRANSPORT, "mqqt"))) == (
        "API_TYPE names the transport plugin 'mqqt', which is not installed; installed: mqtt. "
        "Did you mean mqtt?"
    )
    assert str(failure(lambda: find(EXTENSION, "zzz"))) == (
        "SELDON_EXTENSIONS names the extension plugin 'zzz', which is not installed; installed: none."
    )


@pytest.mark.parametrize(
    ("group", "name", "ending"),
    [
        (TRANSPORT, "rest", "none. Install it with: pip install 'seldon-runtime[rest]'"),
        (TRANSPORT, "GRCP", "none. Did you mean grpc? Install it with: pip install 'seldon-runtime[grpc]'"),
        (PERSISTENCE, "redis", "none. Install it with: pip install 'seldon-runtime[redis]'"),
        (METRICS, "prometheus", "none. Install it with: pip install 'seldon-runtime[metrics]'"),
    ],
)
def test_our_own_plugins_are_told_with_the_command_that_installs_them(
    publish: Publish, group: str, name: str, ending: str
) -> None:
    assert str(failure(lambda: find(group, name))).endswith(f"which is not installed; installed: {ending}")


def test_two_distributions_of_one_name_are_a_clash(publish: Publish) -> None:
    publish("acme-mqtt", {"transport": "mqtt = acme_mqtt"})
    publish("zeta", {"transport": "other = zeta"})
    publish("beta-mqtt", {"transport": "MQTT = beta_mqtt"}, version="2.0")
    assert str(failure(lambda: find(TRANSPORT, "mqtt"))) == (
        "API_TYPE names the transport plugin 'mqtt', which 2 distributions provide: "
        "acme-mqtt 1.0, beta-mqtt 2.0. Uninstall all but one."
    )
    assert find(TRANSPORT, "other").distribution == "zeta"


def test_an_entry_point_may_name_an_object(publish: Publish) -> None:
    source = """
        import click
        from seldon_runtime import hookimpl

        class Plugin:
            @hookimpl
            def seldon_options(self):
                return click.Option(["--one"])

        plugin = Plugin()
    """
    publish("acme-plugin", {"extension": "acme = acme:plugin"}, source)
    assert [option.name for _, option in chosen("acme").collect("seldon_options")] == ["one"]


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("seldon_optoins()", "unknown hook 'seldon_optoins'"),
        (
            "seldon_observer(settings, colour)",
            "Argument(s) {'colour'} are declared in the hookimpl but can not",
        ),
    ],
)
def test_a_hook_that_nobody_knows_is_told(publish: Publish, hook: str, words: str) -> None:
    source = f"from seldon_runtime import hookimpl\n@hookimpl\ndef {hook}: return []\n"
    publish("acme-plugin", {"extension": "acme = acme"}, source)
    message = str(failure(lambda: chosen("acme")))
    assert message.startswith("extension plugin 'acme' (acme-plugin 1.0, acme) does not fit the hook spec")
    assert words in message


def test_a_module_that_two_names_choose_is_asked_once_and_before_the_core(publish: Publish) -> None:
    publish("acme-plugin", {"extension": "one = acme\ntwo = acme"}, OPTIONS.format("acme"))
    plugins = [find(EXTENSION, name) for name in ("one", "two")]
    plugin_set = PluginSet(plugins, [Late()])
    collected = [option.name for _, option in plugin_set.collect("seldon_options")]
    assert collected == ["acme_level", "acme_name", "late"]


class Late:
    """Stands for an object of the core."""

    @hookimpl
    def seldon_options(self) -> click.Option:
        return click.Option(["--late"])


def test_an_entry_point_may_name_a_class_of_which_one_object_is_made(publish: Publish) -> None:
    source = """
        import click
        from seldon_runtime import hookimpl

        class Plugin:
            def __init__(self):
                self.flag = "--one"

            @hookimpl
            def seldon_options(self):
                return click.Option([self.flag])
    """
    publish("acme-plugin", {"extension": "acme = acme:Plugin"}, source)
    assert [option.name for _, option in chosen("acme").collect("seldon_options")] == ["one"]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("", "none of its functions is marked with @hookimpl"),
        ("def seldon_transport(): return None", "seldon_transport is not marked with @hookimpl"),
        ("@hookimpl\ndef seldon_options(): return []", "it lacks the hook seldon_transport"),
        (
            "@hookimpl(wrapper=True)\ndef seldon_transport():\n    return (yield)",
            "seldon_transport is a wrapper, but the core calls each plugin's hook alone: remove wrapper=True",
        ),
        (
            "@hookimpl(hookwrapper=True)\ndef seldon_transport():\n    yield",
            "seldon_transport is a wrapper, but the core calls each plugin's hook alone: remove wrapper=True",
        ),
        (
            "@hookimpl\ndef seldon_transport(service, settings=None): return None",
            "seldon_transport would not receive settings, because it has a default or is keyword-only",
        ),
        (
            "@hookimpl\ndef seldon_transport(*, service, mine=None): return None",
            "seldon_transport would not receive service, because it has a default or is keyword-only",
        ),
    ],
)
def test_hooks_that_would_do_nothing_are_told(publish: Publish, source: str, fault: str) -> None:
    publish("acme-plugin", {"transport": "acme = acme"}, f"from seldon_runtime import hookimpl\n{source}\n")
    error = failure(lambda: PluginSet([find(TRANSPORT, "acme")]))
    who = "transport plugin 'acme' (acme-plugin 1.0, acme)"
    assert str(error).startswith(f"{who} does not fit the hook specifications: {fault}")
    assert error.__cause__ is None  # a traceback of the core's would say nothing more


def test_an_argument_of_the_plugins_own_may_have_a_default(publish: Publish) -> None:
    source = "from seldon_runtime import hookimpl\n@hookimpl\ndef seldon_observer(mine=1): return None"
    publish("acme-plugin", {"extension": "acme = acme"}, source)
    assert list(chosen("acme").collect("seldon_observer", settings={})) == []


def test_hooks_are_asked_in_the_order_of_the_configuration_and_the_core_last(publish: Publish) -> None:
    for name in ("b", "a", "c"):
        publish(f"acme-{name}", {"extension": f"{name} = acme_{name}"}, OPTIONS.format(name))
    plugin_set = PluginSet([find(EXTENSION, name) for name in ("c", "a", "b")], [defaults])
    collected = [(label[:20], option.name) for label, option in plugin_set.collect("seldon_options")]
    assert collected == [
        (f"extension plugin '{name}'", f"{name}_{what}") for name in "cab" for what in ("level", "name")
    ]
    assert [plugin.name for plugin in plugin_set.chosen] == ["c", "a", "b"]


LOADS = """
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_load_component():
        {0}
"""


@pytest.mark.parametrize(
    ("names", "result"), [(("one", "two"), "by one"), (("two", "one"), "by two"), (("none", "two"), "by two")]
)
def test_of_a_first_result_hook_the_plugin_named_first_wins(
    publish: Publish, names: tuple[str, ...], result: str
) -> None:
    publish("acme-none", {"extension": "none = acme_none"}, LOADS.format("return None"))
    publish("acme-one", {"extension": "one = acme_one"}, LOADS.format("return 'by one'"))
    publish("acme-two", {"extension": "two = acme_two"}, LOADS.format("return 'by two'"))
    plugin_set = PluginSet([find(EXTENSION, name) for name in names], [defaults])
    assert plugin_set.first("seldon_load_component", reference="M", parameters={}, settings={}) == result


def test_a_first_result_may_be_any_object_and_the_core_has_the_last_word(publish: Publish) -> None:
    publish("acme-none", {"extension": "none = acme_none"}, LOADS.format("return None"))
    plugin_set = PluginSet([find(EXTENSION, "none")], [defaults])
    arguments = {"reference": "collections.OrderedDict", "parameters": {}, "settings": {}}
    assert plugin_set.first("seldon_load_component", **arguments) == {}
    assert PluginSet([]).first("seldon_load_component", **arguments) is None


def test_a_hook_that_raises_names_its_plugin(publish: Publish) -> None:
    raises = LOADS.format("raise KeyError('k')")
    publish("acme-bad", {"extension": "bad = acme_bad"}, raises + raises.replace("load_component", "options"))
    publish("acme-good", {"extension": "good = acme_good"}, OPTIONS.format("good"))
    plugin_set = chosen("good", "bad")
    arguments = {"reference": "M", "parameters": {}, "settings": {}}
    for hook, act in (
        ("seldon_load_component", lambda: plugin_set.first("seldon_load_component", **arguments)),
        ("seldon_options", lambda: list(plugin_set.collect("seldon_options"))),
    ):
        error = failure(act)
        where = "extension plugin 'bad' (acme-bad 1.0, acme_bad)"
        assert str(error) == f"{where} failed in {hook}: KeyError: 'k'"
        assert isinstance(error.__cause__, KeyError)


def test_a_plugin_may_stop_the_start_with_words_of_its_own(publish: Publish) -> None:
    source = LOADS.format("from seldon_runtime.errors import StartupError; raise StartupError('own words')")
    publish("acme-bad", {"extension": "bad = acme_bad"}, source)
    act = chosen("bad").first
    error = failure(lambda: act("seldon_load_component", reference="M", parameters={}, settings={}))
    assert (str(error), error.__cause__) == ("own words", None)
