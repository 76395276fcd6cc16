"""Settings are read-only, and know which port is whose."""

from __future__ import annotations

from collections.abc import Mapping

import click
import pytest

from seldon_runtime.settings.values import Settings, option


def test_replaced_settings_keep_the_others_and_the_place_of_the_process():
    settings = Settings({"a": 1, "b": 2}, ("rest",), protocols=("v1", "v2"))
    replaced = settings.replaced({"b": 3})
    assert (dict(replaced), dict(settings)) == ({"a": 1, "b": 3}, {"a": 1, "b": 2})
    assert (replaced.transports, replaced.protocols) == (("rest",), ("v1", "v2"))
    assert replaced.worker is settings.worker


def test_settings_are_a_mapping_that_keeps_its_values() -> None:
    values = {"host": "::", "grace_s": 5.0}
    settings = Settings(values, ("rest",))
    values["host"] = "changed"
    assert isinstance(settings, Mapping)
    assert dict(settings) == {"host": "::", "grace_s": 5.0}
    assert len(settings) == 2
    assert settings.transports == ("rest",)
    with pytest.raises(TypeError):
        settings["host"] = "changed"  # type: ignore[index]
    with pytest.raises(KeyError):
        settings["port"]


@pytest.mark.parametrize(
    ("transport", "own", "port"),
    [("rest", None, 7000), ("grpc", None, 7001), ("grpc", 9, 9), ("grpc", 0, 0), ("metrics", None, 7000)],
)
def test_a_transport_has_its_own_port_or_counts_up_from_the_first(
    transport: str, own: int | None, port: int
) -> None:
    settings = Settings({"service_port": 7000}, ("rest", "grpc"))
    assert settings.port_for(transport, own) == port


def test_without_a_service_port_it_is_5000_and_0_means_any_for_all() -> None:
    assert Settings({}, ("rest", "grpc")).port_for("grpc", None) == 5001
    assert Settings({"service_port": 0}, ("rest", "grpc")).port_for("grpc", None) == 0


def test_an_option_shows_its_variable_and_default() -> None:
    made = option("--zmq-port", envvar="SELDON_ZMQ_PORT", type=int, default=5555, help="Port of ZMQ.")
    text = click.Command("run", params=[made]).get_help(click.Context(click.Command("run")))
    assert made.name == "zmq_port"
    assert "Port of ZMQ. [env var: SELDON_ZMQ_PORT; default: 5555]" in " ".join(text.split())
