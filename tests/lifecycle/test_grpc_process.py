"""gRPC in whole ``seldon-run`` processes: beside REST, and under SIGTERM."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import grpc
from google.protobuf.json_format import ParseDict

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage
from tests.support.grpc_client import GrpcClient

CLIENTS = 4

BANDIT = """
class Bandit:
    def __init__(self):
        self.rewards = {0: 0.0, 1: 0.0}

    def route(self, X, features_names):
        return max(self.rewards, key=self.rewards.get)

    def send_feedback(self, features, features_names, reward, truth, routing=None):
        self.rewards[routing] += reward
"""


def test_a_router_asked_by_grpc_routes_by_what_it_learnt_by_rest(seldon_run):
    process = seldon_run("Bandit", "REST,GRPC", "--service-type", "ROUTER", source=BANDIT)
    request = {"data": {"ndarray": [[1, 2]]}}
    with process.grpc_client() as client:

        def branch():
            message = ParseDict(request, SeldonMessage(), descriptor_pool=POOL)
            return client.call("Router/Route", message).data.ndarray[0][0]

        def feedback(routing, reward):
            return {"request": request, "response": {"meta": {"routing": {"0": routing}}}, "reward": reward}

        assert branch() == 0
        assert process.post("/send-feedback", feedback(1, 1.0)).status == 200
        assert branch() == 1
        client.call("Router/SendFeedback", ParseDict(feedback(0, 5.0), Feedback(), descriptor_pool=POOL))
        assert process.post("/route", request).json["data"]["ndarray"] == [[0]]


def test_grpc_alone_is_served_at_the_service_port(seldon_run, free_port):
    process = seldon_run("Bandit", "grpc", "--service-port", str(free_port), source=BANDIT)
    assert process.ports == {"grpc": free_port}


def test_a_port_in_use_stops_the_start(seldon_run):
    first = seldon_run("Bandit", "GRPC", source=BANDIT)
    second = seldon_run("Bandit", "GRPC", "--grpc-port", str(first.ports["grpc"]), source=BANDIT, wait=False)
    assert second.wait() == 3
    assert "--grpc-port" in second.log


RECORDING = """
import os, time

class Recording:
    def __init__(self):
        self.file = os.open("ran.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def predict(self, X, features_names):
        os.write(self.file, X.encode() + b"\\n")
        time.sleep(0.002)
        return X
"""


def test_no_accepted_call_is_lost_when_the_process_is_asked_to_end(seldon_run, tmp_path: Path):
    process = seldon_run("Recording", "GRPC", source=RECORDING)
    port = process.ports["grpc"]
    answered: list[str] = []
    refused: list[grpc.RpcError] = []
    enough = threading.Semaphore(0)

    def work(number: int) -> None:
        with GrpcClient(port) as client:
            for count in itertools.count():
                text = f"{number}-{count}"
                try:
                    answer = client.predict(text)
                except grpc.RpcError as error:
                    refused.append(error)
                    return
                assert answer == text
                answered.append(text)
                enough.release()

    threads = [threading.Thread(target=work, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for _ in range(50 * CLIENTS):
        assert enough.acquire(timeout=WAIT_S)
    process.terminate()
    for thread in threads:
        thread.join(WAIT_S)
    assert process.wait() == 0
    assert [error.code() for error in refused] == [grpc.StatusCode.UNAVAILABLE] * CLIENTS
    assert sorted(tmp_path.joinpath("ran.txt").read_text().split()) == sorted(answered)
