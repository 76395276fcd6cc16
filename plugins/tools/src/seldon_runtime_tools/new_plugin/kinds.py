"""The kinds of plugins, each with its template in ``templates/plugin``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SELECTIONS: Mapping[str, str] = {
    "seldon_runtime.transport": "API_TYPE=NAME",
    "seldon_runtime.persistence": "PERSISTENCE=NAME",
    "seldon_runtime.metrics": "METRICS=NAME",
    "seldon_runtime.extension": "SELDON_EXTENSIONS=NAME",
    "seldon_runtime.loader": "MODEL_NAME=FILE.NAME",
}
"""The setting that selects a plugin of each entry-point group."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plugin. In its texts, ``my-name`` stands for the name of the plugin, as in templates."""

    name: str
    """The kind on the command line, and the folder of its template."""
    title: str
    """The kind with its article, as in "Write a transport"."""
    group: str
    """The entry-point group, without ``seldon_runtime.``."""
    behaviour: str
    """Sentences about the generated plugin, with its options."""
    example: str
    """A command that selects the plugin."""
    entry: str = "plugin"
    """The object with the hooks, in the generated package."""
    extras: tuple[str, ...] = ()
    """The extras of ``seldon-runtime`` that the plugin needs."""
    test_extras: tuple[str, ...] = ("rest", "testing")
    """The extras of ``seldon-runtime`` that its tests need."""

    @property
    def entry_points(self) -> str:
        """The full name of the entry-point group."""
        return f"seldon_runtime.{self.group}"

    @property
    def selection(self) -> str:
        """The setting that selects the plugin."""
        return SELECTIONS[self.entry_points]

    @property
    def parts(self) -> tuple[str, ...]:
        """The template folders: the files of all kinds, a client for tests with REST, and its own files."""
        client = ("plugin/over_rest",) if "rest" in self.test_extras else ()
        return ("plugin/common", *client, f"plugin/{self.name}")

    @property
    def words(self) -> Mapping[str, str]:
        """The replacements of the words in the files of all kinds."""
        return {
            "MY_KIND": self.title[0].upper() + self.title[1:],
            "MY_GROUP": self.entry_points,
            "MY_ENTRY": self.entry,
            "MY_BEHAVIOUR": self.behaviour,
            "MY_COMMAND": self.example,
            "MY_REQUIREMENT": f"seldon-runtime{_in_brackets(self.extras)}~=0.0.0",
            "MY_TEST_REQUIREMENT": f"seldon-runtime{_in_brackets(self.test_extras)}",
        }


def _in_brackets(extras: tuple[str, ...]) -> str:
    return f"[{','.join(extras)}]" if extras else ""


_EXTENSION = "SELDON_EXTENSIONS=my-name seldon-run MyModel REST"

KINDS = (
    Kind(
        "transport",
        "a transport",
        "transport",
        'It receives a line of JSON over TCP for each call, `{"method": "predict", "request": {…}}`, and'
        " answers with a line of JSON. `--my-name-port` (`SELDON_MY_NAME_PORT`) is its port, by default"
        " `--service-port`.",
        "API_TYPE=MY-NAME seldon-run MyModel",
        test_extras=("testing",),
    ),
    Kind(
        "store",
        "a store of state",
        "persistence",
        "It keeps the state of components in an SQLite database, in the folder `--my-name-folder`"
        " (`SELDON_MY_NAME_FOLDER`).",
        "PERSISTENCE=my-name seldon-run MyModel REST",
    ),
    Kind(
        "observer",
        "an observer",
        "extension",
        "It records each call as a line of JSON in the file `--my-name-file` (`SELDON_MY_NAME_FILE`).",
        _EXTENSION,
    ),
    Kind(
        "interceptor",
        "an interceptor",
        "extension",
        "It admits only calls with the bearer token `--my-name-token` (`SELDON_MY_NAME_TOKEN`).",
        f"SELDON_MY_NAME_TOKEN=sesame {_EXTENSION}",
    ),
    Kind(
        "loader",
        "a loader",
        "loader",
        "It makes the component from a file `*.my-name`, a JSON object with the answer to each value.",
        "seldon-run words.my-name REST",
    ),
    Kind(
        "predictor",
        "a predictor",
        "loader",
        "It serves a model without a class from a file `*.my-name`: a linear model, such as"
        ' `{"weights": [2, 1], "bias": 0.5}`.',
        "seldon-run prices.my-name REST",
    ),
    Kind(
        "batcher",
        "a batcher",
        "extension",
        "It makes one prediction of waiting calls whose rows fit together: of at most `--my-name-size`"
        " (`SELDON_MY_NAME_SIZE`) calls. An idle component waits `--my-name-wait-s` (`SELDON_MY_NAME_WAIT_S`)"
        " seconds for more.",
        _EXTENSION,
    ),
    Kind(
        "service",
        "a service of several components",
        "loader",
        "It serves several models as one, from a file `*.my-name` with a class on each line. It asks all at"
        " the same time, and answers with the mean.",
        "seldon-run models.my-name REST",
    ),
    Kind(
        "http-routes",
        "HTTP routes",
        "extension",
        "On the REST port, `POST /my-name/predict` answers plain text, and `GET /my-name/version` says the"
        " version.",
        _EXTENSION,
        extras=("rest",),
    ),
    Kind(
        "grpc-services",
        "gRPC services",
        "extension",
        "On the gRPC port, `/my_name.MyName/Predict` answers a `google.protobuf.StringValue`, and"
        " `/my_name.MyName/Version` says the version.",
        "SELDON_EXTENSIONS=my-name seldon-run MyModel GRPC",
        extras=("grpc",),
        test_extras=("testing",),
    ),
    Kind(
        "command",
        "a command",
        "extension",
        "It checks a file of requests, with a SeldonMessage as JSON on each line.",
        "SELDON_EXTENSIONS=my-name seldon-run my-name requests.jsonl",
        test_extras=("testing",),
    ),
    Kind(
        "metrics",
        "metrics",
        "metrics",
        "It counts the calls, and serves the counts for Prometheus at `/metrics` on the port `--my-name-port`"
        " (`SELDON_MY_NAME_PORT`), by default 6000. It replaces the metrics of `seldon-runtime-metrics`.",
        "METRICS=my-name seldon-run MyModel REST",
        entry="plugin:MyNamePlugin",
    ),
)
"""Every kind that ``new-plugin`` writes."""
