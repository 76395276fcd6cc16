"""Graphs that are served: one process, a thread for each node, over REST, gRPC and V2."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from seldon_runtime.plugin import Method, StartupError
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import HttpClient

CLASSES = Path(__file__).parent / "classes"
FAILS = {"b": "graph_classes.Fails"}


def test_a_graph_answers_alike_over_rest_grpc_and_v2(serve, make):
    graph = make.node(
        "r",
        "ROUTER",
        make.node("a", parameters={"add": 1.0}),
        make.node("c", "COMBINER", make.node("x", parameters={"mul": 2.0}), make.node("y")),
        parameters={"route_to": 1},
    )
    served = serve(graph, api_type="REST,GRPC")
    rest = served.predict()
    assert rest.rows == [[3.0, 6.0]]
    assert rest.json["meta"]["routing"] == {"r": 1, "c": -1, "x": -1, "y": -1}
    assert rest.json["meta"]["requestPath"] == {name: f"example/{name}:1" for name in ("c", "x", "y")}

    client = GrpcClient(int(served.serving.addresses["grpc"].rpartition(":")[2]))
    try:
        from seldon_runtime_grpc.messages import SeldonMessage

        request = SeldonMessage()
        request.data.ndarray.values.add().list_value.values.add().number_value = 1.0
        answer = client.call("Seldon/Predict", request, [("seldon-puid", "p-1")])
    finally:
        client.close()
    assert answer.data.ndarray.values[0].list_value.values[0].number_value == 3.0
    assert dict(answer.meta.routing) == {"r": 1, "c": -1, "x": -1, "y": -1}

    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 2], "data": [1.0, 2.0]}
    v2 = served.ask("POST", "/v2/models/r/infer", {"inputs": [tensor]})
    assert v2.json["outputs"][0]["data"] == [3.0, 6.0]


@pytest.mark.parametrize("threads", ["each", "one"])
def test_nodes_run_on_their_own_threads_or_on_one(serve, make, threads):
    graph = make.node("c", "COMBINER", make.node("a"), make.node("b", None, make.node("d")))
    served = serve(graph, "--graph-threads", threads)
    assert served.predict().rows == [[2.0, 4.0]]
    executors = {id(unit.executor) for unit in served.service.units}
    assert len(executors) == {"each": 4, "one": 1}[threads]
    assert served.service.waiting == 0


def test_an_id_is_made_or_kept_and_every_node_sees_it(serve, make):
    served = serve(make.node("a", None, make.node("p")), classes={"p": "graph_classes.Puid"})
    made = served.predict()
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(uuid, made.json["strData"])
    assert made.headers["seldon-puid"] == made.json["strData"]
    kept = served.predict(Seldon_Puid="mine")
    assert (kept.headers["seldon-puid"], kept.json["strData"]) == ("mine", "mine")
    assert "puid" not in kept.json["meta"]
    failed = served.ask("POST", "/api/v1.0/predictions", {"data": 7}, Seldon_Puid="mine")
    assert (failed.status, failed.headers["seldon-puid"]) == (400, "mine")
    replaced = served.predict(Seldon_Puid="not valid")
    assert replaced.headers["seldon-puid"] == replaced.json["strData"] != "not valid"


def test_a_raw_node_receives_the_json_of_the_node_before_and_its_status_is_the_answers(serve, make):
    served = serve(make.node("a", None, make.node("w")), classes={"w": "graph_classes.Raw"})
    assert served.predict().json["meta"]["tags"] == {"raw": ["data", "meta"]}
    failed = serve(make.node("w"), classes={"w": "graph_classes.Teapot"}).predict()
    assert failed.status == 418
    assert (failed.json["status"]["info"], failed.json["status"]["reason"]) == ("short and stout", "TEAPOT")


def test_errors_keep_their_text_and_the_first_of_the_list_wins(serve, make):
    slow = make.node("a", parameters={"fail": "predict", "wait_s": 0.2})
    quick = make.node("b", parameters={"fail": "transform_input"}, type="TRANSFORMER")
    failed = serve(make.node("c", "COMBINER", slow, quick)).predict()
    assert (failed.status, failed.json["status"]["info"]) == (500, "no predict")
    concealed = serve(make.node("a", parameters={"fail": "predict"}), "--no-error-details").predict()
    assert "no predict" not in concealed.text


@pytest.mark.parametrize("threads", ["each", "one"])
@pytest.mark.parametrize(
    ("broken", "wanted"),
    [
        ({"expression": "None"}, "the node 'b': the component returned None"),
        ({"tags": "5"}, "the node 'b': tags() is int, expected a dict"),
        ({"expression": "[[1], [2, 3]]"}, "the answer of the node 'b' cannot be passed on: it is ragged"),
        ({"raises": "no such thing"}, "no such thing"),
        ({"raises": "key"}, "KeyError: 'key'"),
        ({"raises": "404"}, "KeyError: '404'"),
    ],
)
def test_an_error_about_an_answer_names_its_node(serve, make, threads, broken, wanted):
    graph = make.node("a", None, make.node("b", None, make.node("d"), parameters=broken))
    served = serve(graph, "--graph-threads", threads, classes={"b": "graph_classes.Broken"})
    answer = served.predict()
    assert answer.status == 500
    assert answer.json["status"]["info"].startswith(wanted)


def test_a_router_without_the_method_is_named(serve, make):
    graph = make.node("r", "ROUTER", make.node("a"), make.node("b"))
    answer = serve(graph, classes={"r": "graph_classes.Puid"}).predict()
    assert (answer.status, answer.json["status"]["info"]) == (501, "the node 'r': Puid has no method route")


def test_a_feedback_that_a_class_cannot_take_names_the_node(serve, make):
    graph = make.node("a", None, make.node("b", parameters={"tags": "5"}))
    served = serve(graph, classes={"b": "graph_classes.Broken"})
    answer = served.ask("POST", "/api/v1.0/feedback", {"reward": 1})
    assert answer.json["status"]["info"].startswith("the node 'b': ")


def test_a_slow_node_is_a_504_that_names_it(serve, make):
    main = make.predictor(
        make.node("a", None, make.node("b", parameters={"wait_s": 1.0})),
        annotations={"seldon.io/rest-timeout": "100"},
    )
    late = serve(make.deployment(main)).predict()
    assert late.status == 504
    assert late.json["status"]["info"] == "the node 'b' did not answer within 0.1 s"


def test_calls_of_single_components_are_not_a_graphs(serve, make):
    served = serve(make.node("a"))
    for method in ("transform-input", "aggregate", "route"):
        answer = served.ask("POST", f"/{method}", {"data": {"ndarray": [[1]]}})
        assert answer.status == 501
        assert f"not {method.replace('-', '_')}" in answer.json["status"]["info"]


def test_a_bandit_learns_by_the_routing_of_its_answers(serve, make):
    graph = make.node("r", "ROUTER", make.node("a", parameters={"add": 1.0}), make.node("b"))
    served = serve(graph)
    first = served.predict()
    assert first.json["meta"]["routing"]["r"] == 0
    told = served.ask("POST", "/api/v1.0/feedback", {"response": first.json, "reward": 1.0})
    assert told.status == 200
    assert served.predict().json["meta"]["routing"]["r"] == 1
    units = {unit.identity.unit: unit.user for unit in served.service.units}
    assert {name: user.rewards for name, user in units.items()} == {"r": [1.0], "a": [1.0], "b": []}


def test_a_healthy_graph_is_healthy(serve, make):
    served = serve(make.node("a", None, make.node("b")))
    assert served.ask("GET", "/health/status").json["strData"] == "healthy"
    assert served.ask("GET", "/live").json == {"alive": True}
    assert served.ask("GET", "/ready").status == 200
    served.service.ready = False
    assert served.ask("GET", "/ready").status == 503
    fixed = serve(make.node("p"), classes={"p": "graph_classes.Puid"})
    assert Method.HEALTH_STATUS in fixed.service.immediate
    assert fixed.ask("GET", "/health/status").status == 200


def test_all_predictors_share_the_calls_and_the_shadow_has_a_copy(serve, make):
    main = make.predictor(make.node("a", parameters={"add": 1.0}), traffic=50)
    canary = make.predictor(make.node("a", parameters={"add": 2.0}), "canary", traffic=50)
    copy = make.predictor(make.node("a", parameters={"fail": "predict"}), "copy", shadow=True, traffic=100)
    served = serve(make.deployment(main, canary, copy), "--predictor", "all")
    seen = set()
    while len(seen) < 2:
        answer = served.predict([[0.0]]).json
        place = answer["meta"]["routing"]["shop"]
        assert answer["data"]["ndarray"] == [[[1.0], [2.0]][place]]
        seen.add(place)
        told = served.ask("POST", "/api/v1.0/feedback", {"response": answer, "reward": float(place + 1)})
        assert told.status == 200
    rewards = {unit.identity.predictor: set(unit.user.rewards) for unit in served.service.units}
    assert rewards == {"main": {1.0}, "canary": {2.0}, "copy": set()}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ((), "predictors main, canary, copy: choose one with --predictor NAME"),
        (("--predictor", "mian"), "'mian', expected all or one of main, canary, copy. Did you mean main?"),
        (("--predictor", "all"), "a node has the name of the deployment, 'shop'"),
        (("--predictor", "main", "--component", "a"), "expected NODE=CLASS"),
        (("--predictor", "main", "--component", "shop=graph_classes.None"), r"node 'shop'\): .*no class"),
    ],
)
def test_a_choice_that_is_none_is_refused(serve, make, options, wanted):
    made = [make.predictor(make.node("shop"), name, traffic=50) for name in ("main", "canary")]
    made.append(make.predictor(make.node("shop"), "copy", shadow=True))
    with pytest.raises(StartupError, match=wanted):
        serve(make.deployment(*made), *options)


def test_a_class_that_cannot_be_constructed_names_its_node_and_the_file(serve, make):
    place = r"/graph\.json: spec\.\S+\.children\[0\] \(node 'b'\): "
    with pytest.raises(StartupError, match=place + "Unit has no parameter 'colour'") as raised:
        serve(make.node("a", None, make.node("b", parameters={"colour": "red"})))
    assert raised.value.__cause__ is None  # the traceback of user code, and this is a fault of the file
    with pytest.raises(StartupError, match=place) as raised:
        serve(
            make.node("a", None, make.node("b", parameters={"wait_s": "soon"}, type="MODEL")), classes=FAILS
        )
    assert isinstance(raised.value.__cause__, ValueError)


def test_settings_of_a_single_component_are_told(serve, make, caplog):
    parameters = '[{"name": "add", "value": "1", "type": "FLOAT"}]'
    serve(make.node("a"), "--parameters", parameters, "--service-type", "ROUTER")
    for option in ("--parameters", "--service-type"):
        assert f"{option} has no effect on a graph" in caplog.text
    caplog.clear()
    serve(make.node("a"))
    assert "no effect" not in caplog.text


def test_a_graph_of_built_in_nodes_alone_needs_one_with_a_class(serve, make):
    simple = serve(make.node("s", implementation="SIMPLE_MODEL"), classes={"s": None})
    assert simple.predict().rows == [[0.1, 0.9, 0.5]]
    with pytest.raises(StartupError, match="has no node with a class"):
        serve(make.node("s", implementation="SIMPLE_ROUTER"), classes={"s": None})


def test_a_full_graph_refuses_calls(serve, make):
    served = serve(make.node("a", None, make.node("b", parameters={"wait_s": 0.3})), "--queue-size", "2")
    statuses, lock = [], threading.Lock()

    def ask():
        status = served.predict().status
        with lock:
            statuses.append(status)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 1


def test_a_node_elsewhere_is_part_of_a_graph(serve, make):
    remote = serve(make.node("x", parameters={"mul": 3.0}))
    host, port = remote.serving.addresses["rest"].rpartition("/")[2].split(":")
    at = {"type": "REST", "service_host": host, "service_port": int(port)}
    graph = make.node("a", None, make.node("far", endpoint=at), parameters={"add": 1.0})
    served = serve(graph, classes={"far": None})
    assert served.predict(Seldon_Puid="p").rows == [[6.0, 9.0]]
    assert served.ask("GET", "/api/v1.0/status/far").status == 200
    remote.serving.stop()
    gone = served.predict()
    assert gone.status == 503
    assert "cannot be reached" in json.loads(gone.text)["status"]["info"]


def test_the_outline_draws_every_predictor(serve, make):
    outline = serve(make.node("a", None, make.node("b"))).service.outline()
    assert outline.splitlines()[0] == "predictor main"
    assert "b  MODEL  graph_classes.Unit" in outline


def test_the_page_of_what_is_served_shows_the_picture(serve, make):
    graph = make.node("a", None, make.node("<b>", implementation="SIMPLE_MODEL"))
    page = serve(graph, classes={"<b>": None}).ask("GET", "/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.text.count("<svg ") == 1
    assert all(f">{text}</text>" in page.text for text in ("a", "MODEL", "graph_classes.Unit", "&lt;b&gt;"))


def test_the_page_has_the_metrics_of_every_node_with_its_labels(seldon_run, make, file_of):
    graph = make.node("r", "ROUTER", make.node("a"), make.node("b"))
    classes = dict.fromkeys("rab", "graph_classes.Counts")
    file = file_of(make.deployment(make.predictor(graph, classes=classes)))
    env = {"METRICS": "prometheus", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0"}
    server = seldon_run(str(file), "REST", folder=CLASSES, env=env)
    with HttpClient(server.ports["rest"]) as client:
        assert client.post("/predict", {"data": {"ndarray": [[1.0]]}}).status == 200
    with HttpClient(server.ports["metrics"]) as client:
        page = client.get("/metrics").text
    for name, method in (("r", "router"), ("a", "predict")):
        labels = rf'method="{method}",model_image="example/{name}",model_name="{name}"'
        assert re.search(rf"^calls_total\{{.*{labels}.*\}} 1.0$", page, re.M), page
    assert 'model_name="b"' not in page


def test_a_slow_shadow_holds_up_nobody(serve, make):
    main = make.predictor(make.node("a"))
    copy = make.predictor(make.node("a", parameters={"wait_s": 0.2}), "copy", shadow=True)
    served = serve(make.deployment(main, copy), "--predictor", "all", "--queue-size", "2")
    assert [served.predict().status for _ in range(12)] == [200] * 12


def test_a_router_of_a_graph_keeps_what_it_learned(seldon_run, make, file_of, tmp_path):
    file = file_of(make.deployment(make.predictor(make.node("r", "ROUTER", make.node("a"), make.node("b")))))
    env = {
        "PERSISTENCE": "file",
        "PERSISTENCE_SECRET_KEY": "k" * 32,
        "PERSISTENCE_FOLDER": str(tmp_path / "state"),
    }
    routes = []
    for _ in range(2):
        server = seldon_run(str(file), "REST", folder=CLASSES, env=env)
        with HttpClient(server.ports["rest"]) as client:
            answer = client.post("/predict", {"data": {"ndarray": [[1.0]]}}).json
            routes.append(answer["meta"]["routing"]["r"])
            assert client.post("/send-feedback", {"response": answer, "reward": 1.0}).status == 200
        assert server.stop() == 0
    assert routes == [0, 1]
