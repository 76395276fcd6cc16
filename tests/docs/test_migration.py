"""Classes of the shapes that public repositories have, served as they are by ``seldon-core-microservice``."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("seldon_core.microservice")
from seldon_core.proto import prediction_pb2
from seldon_core.seldon_client import SeldonClient
from seldon_core.utils import get_data_from_proto, json_to_seldon_message

PROGRAM = Path(sysconfig.get_path("scripts"), "seldon-core-microservice")
PORTS = {
    "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "0",
    "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "0",
    "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0",
}


@pytest.fixture
def served(seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """Starts a class, given as source, with its arguments."""

    def start(name: str, *arguments: str, **given: Any) -> Any:
        return seldon_run(name, *arguments, program=PROGRAM, env={**PORTS, **given.pop("env", {})}, **given)

    return start


def over_grpc(server: Any, method: str, message: dict[str, Any]) -> Any:
    with server.grpc_client() as client:
        request = json_to_seldon_message(message).SerializeToString()
        return prediction_pb2.SeldonMessage.FromString(client.call_raw(f"seldon.protos.{method}", request))


def test_a_component_with_everything_beside_predict(served: Callable[..., Any]) -> None:
    server = served(
        "Churn",
        *(
            "--service-type",
            "MODEL",
            "--parameters",
            '[{"name": "model_uri", "value": "x", "type": "STRING"}]',
        ),
        source="""
            import logging
            from typing import Dict, List, Union

            import numpy as np
            from seldon_core.metrics import create_counter, create_gauge, create_timer
            from seldon_core.user_model import SeldonComponent, SeldonResponse
            from seldon_core.flask_utils import SeldonMicroserviceException

            logger = logging.getLogger(__name__)


            class Churn(SeldonComponent):
                def __init__(self, model_uri: str = None, method: str = "predict_proba"):
                    super().__init__()
                    self.model_uri = model_uri
                    self.method = method
                    self.ready = False

                def load(self):
                    self.weights = np.array([1.0, -1.0])
                    self.ready = True

                def predict(
                    self, X: np.ndarray, names: List[str] = None, meta: Dict = None
                ) -> Union[np.ndarray, List, str, bytes]:
                    if not self.ready:
                        self.load()
                    if X.shape[1] != 2:
                        raise SeldonMicroserviceException("two columns", status_code=422, reason="SHAPE")
                    score = 1 / (1 + np.exp(-X @ self.weights))
                    return SeldonResponse(
                        data=np.column_stack([1 - score, score]), metrics=[create_counter("rows", len(X))]
                    )

                def class_names(self):
                    return ["stays", "goes"]

                def tags(self):
                    return {"model_uri": self.model_uri}

                def metrics(self):
                    return [create_gauge("gauge", 7), create_timer("took", 1.5)]

                def health_status(self):
                    return self.predict(np.zeros((1, 2)))

                def init_metadata(self):
                    return {"name": "churn", "versions": ["v1"], "platform": "numpy"}
        """,
    )
    request = {"data": {"ndarray": [[1.0, 1.0]]}, "meta": {"puid": "p"}}
    answer = server.post("/api/v1.0/predictions", request).json
    assert answer["data"] == {"names": ["stays", "goes"], "ndarray": [[0.5, 0.5]]}
    assert answer["meta"]["puid"] == "p"
    assert answer["meta"]["tags"] == {"model_uri": "x"}
    assert [metric["key"] for metric in answer["meta"]["metrics"]] == ["gauge", "took", "rows"]
    assert get_data_from_proto(over_grpc(server, "Seldon/Predict", request)).tolist() == [[0.5, 0.5]]
    refused = server.post("/predict", {"data": {"ndarray": [[1.0]]}})
    assert (refused.status, refused.json["status"]["reason"]) == (422, "SHAPE")
    assert server.get("/health/status").json["data"]["tensor"]["values"] == [0.5, 0.5]
    assert server.get("/metadata").json["name"] == "churn"


def test_a_server_of_model_files_finds_those_that_a_cluster_has_brought(
    served: Callable[..., Any], tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    np.save(models / "weights.npy", np.array([[2.0], [3.0]]))
    server = served(
        "FileServer",
        *("--parameters", json.dumps([{"name": "model_uri", "value": f"file://{models}", "type": "STRING"}])),
        source="""
            import os

            import numpy as np
            import seldon_core
            from seldon_core.user_model import SeldonComponent
            from seldon_core.utils import construct_response_json, getenv


            class FileServer(SeldonComponent):
                def __init__(self, model_uri=None, method="predict"):
                    super().__init__()
                    self.model_uri = model_uri

                def load(self):
                    folder = seldon_core.Storage.download(self.model_uri)
                    self.weights = np.load(os.path.join(folder, getenv("WEIGHTS", default="weights.npy")))

                def predict_raw(self, request):
                    result = np.array(request["data"]["ndarray"]) @ self.weights
                    return construct_response_json(self, False, request, result)

                def class_names(self):
                    return ["sum"]
        """,
    )
    answer = server.post("/predict", {"data": {"ndarray": [[1, 1]]}, "meta": {"puid": "p"}}).json
    assert answer == {"data": {"names": ["sum"], "ndarray": [[5.0]]}, "meta": {"puid": "p"}}


def test_raw_methods_with_the_helpers_over_both_transports(served: Callable[..., Any]) -> None:
    server = served(
        "Explainer",
        source="""
            import json

            import numpy as np
            from google.protobuf import json_format
            from seldon_core.proto import prediction_pb2
            from seldon_core.utils import (
                array_to_grpc_datadef, array_to_rest_datadef, get_data_from_proto, json_to_seldon_message,
                seldon_message_to_json,
            )


            class Explainer(object):
                def predict_raw(self, request):
                    is_proto = isinstance(request, prediction_pb2.SeldonMessage)
                    message = request if is_proto else json_to_seldon_message(request)
                    array = np.asarray(get_data_from_proto(message)) * 2
                    if not is_proto:
                        return {"data": array_to_rest_datadef("ndarray", array, ["doubled"])}
                    return prediction_pb2.SeldonMessage(
                        data=array_to_grpc_datadef("tensor", array, ["doubled"]),
                        meta=json_format.ParseDict({"tags": {"raw": True}}, prediction_pb2.Meta()),
                    )

                def transform_input_raw(self, request):
                    return seldon_message_to_json(json_to_seldon_message(request))
        """,
    )
    request = {"data": {"names": ["a"], "tensor": {"shape": [1, 1], "values": [1.5]}}}
    assert server.post("/predict", request).json == {"data": {"names": ["doubled"], "ndarray": [[3.0]]}}
    assert server.post("/transform-input", request).json == request
    answer = over_grpc(server, "Model/Predict", request)
    assert list(answer.data.tensor.values) == [3.0]
    assert answer.meta.tags["raw"].bool_value


def test_a_router_of_the_old_style_learns_over_either_transport(served: Callable[..., Any]) -> None:
    server = served(
        "Greedy",
        *(
            "--service-type",
            "ROUTER",
            "--parameters",
            '[{"name": "n_branches", "value": "3", "type": "INT"}]',
        ),
        env={"PREDICTIVE_UNIT_ID": "eg"},
        source="""
            import numpy as np

            __version__ = "v1.2"


            class Greedy(object):
                def __init__(self, n_branches=None, verbose=False, **kwargs):
                    if n_branches is None:
                        raise Exception("n_branches parameter must be given")
                    self.values = [0] * int(n_branches)

                def route(self, features, feature_names):
                    return int(np.argmax(self.values))

                def send_feedback(self, features, feature_names, reward, truth, routing=None):
                    self.values[routing] += reward

                def tags(self):
                    return {"version": __version__}
        """,
    )
    feedback = {"response": {"meta": {"routing": {"eg": 2}}}, "reward": 1.0}
    assert server.post("/send-feedback", feedback).status == 200
    request = {"data": {"ndarray": [[1]]}}
    answer = server.request("POST", "/route", f"json={json.dumps(request)}".encode(), FORM)
    assert answer.json["data"] == {"names": ["t:0"], "ndarray": [[2]]}
    assert get_data_from_proto(over_grpc(server, "Router/Route", request)).tolist() == [[2]]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_client_calls_a_served_component_over_both_transports(served: Callable[..., Any]) -> None:
    server = served(
        "Doubling",
        source="""
            from seldon_core.user_model import SeldonComponent


            class Doubling(SeldonComponent):
                def predict(self, X, names, meta=None):
                    return X * 2

                def send_feedback(self, features, names, reward, truth, routing=None):
                    return [[reward]]
        """,
    )
    array = np.array([[1.0, 2.0]])
    for transport in ("rest", "grpc"):
        port = server.ports[transport]
        client = SeldonClient(
            gateway="seldon",
            transport=transport,
            gateway_endpoint=f"127.0.0.1:{port}",
            microservice_endpoint=f"127.0.0.1:{port}",
        )
        direct = client.microservice(method="predict", data=array)
        assert get_data_from_proto(direct.response).tolist() == [[2.0, 4.0]], direct.msg
        assert client.predict(data=array).response["data"]["tensor"]["values"] == [2.0, 4.0]
        feedback = client.microservice_feedback(direct.request, direct.response, 0.5)
        assert get_data_from_proto(feedback.response).tolist() == [[0.5]], feedback.msg
        assert client.feedback(direct.request, direct.response, reward=0.5).success
