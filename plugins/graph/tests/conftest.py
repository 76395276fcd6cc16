"""Files of graphs, and graphs that this process serves over HTTP.

Modules that are tested elsewhere:

    plugin, assembly, loading: plugins/graph/tests/test_service.py
    health, http_routes: plugins/graph/tests/test_metadata.py
"""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

import seldon_runtime

CLASSES = Path(__file__).parent / "classes"


def node(name, type_=None, *children, **more):
    """A node of the file, whose constructor receives ``parameters``."""
    kinds = {float: "FLOAT", int: "INT", str: "STRING", bool: "BOOL"}
    given = more.pop("parameters", {})
    parameters = [{"name": k, "value": str(v), "type": kinds[type(v)]} for k, v in given.items()]
    made = {"name": name, "children": list(children), "parameters": parameters, **more}
    return made if type_ is None else {**made, "type": type_}


def names_of(graph):
    return [graph["name"], *(name for child in graph["children"] for name in names_of(child))]


def predictor(graph, name="main", classes=None, **more):
    """A predictor. Its nodes are of the class Unit unless ``classes`` says another one, or None."""
    given = {each: (classes or {}).get(each, "graph_classes.Unit") for each in names_of(graph)}
    containers = [
        {"name": each, "image": f"example/{each}:1", "env": [{"name": "MODEL_NAME", "value": reference}]}
        for each, reference in given.items()
        if reference is not None
    ]
    return {"name": name, "graph": graph, "componentSpecs": [{"spec": {"containers": containers}}], **more}


def deployment(*predictors, name="shop", **spec):
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name},
        "spec": {"predictors": list(predictors), **spec},
    }


@pytest.fixture
def make():
    """The functions that make parts of a file: ``node``, ``predictor``, ``deployment``."""
    return SimpleNamespace(node=node, predictor=predictor, deployment=deployment)


@pytest.fixture
def file_of(tmp_path):
    """``file_of(document)``: the path of a file with this document."""

    def file_of(document, name="graph.json"):
        file = tmp_path / name
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return file

    return file_of


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def rows(self):
        return self.json["data"]["ndarray"]


@pytest.fixture
def serve(file_of, monkeypatch):
    """``serve(graph or document, *options)``: a function that sends requests to the served graph."""
    monkeypatch.chdir(CLASSES)
    monkeypatch.syspath_prepend(str(CLASSES))
    started = []

    def serve(given, *options, api_type="REST", **more):
        document = given if "spec" in given else deployment(predictor(given, **more))
        serving = seldon_runtime.serve(str(file_of(document)), port=0, api_type=api_type, options=options)
        started.append(serving)

        def ask(verb, path, body=None, **headers):
            connection = http.client.HTTPConnection(urlsplit(serving.addresses["rest"]).netloc, timeout=30)
            try:
                sent = {"Content-Type": "application/json"} | {
                    k.replace("_", "-"): v for k, v in headers.items()
                }
                connection.request(verb, path, None if body is None else json.dumps(body), sent)
                return Answer(connection.getresponse())
            finally:
                connection.close()

        def predict(rows=((1.0, 2.0),), **headers):
            return ask("POST", "/api/v1.0/predictions", {"data": {"ndarray": rows}}, **headers)

        return SimpleNamespace(ask=ask, predict=predict, serving=serving, service=serving._service)

    yield serve
    for serving in started:
        serving.stop()
