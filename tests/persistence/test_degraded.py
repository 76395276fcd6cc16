"""State that cannot be kept is shown alike by all transports, and does not make the component unready."""

from __future__ import annotations

from grpc_health.v1 import health_pb2, health_pb2_grpc

from seldon_runtime.testing import WAIT_S

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def test_rest_and_grpc_tell_that_state_is_not_kept_and_that_it_is_again(tally, count, until, tmp_path):
    server = tally("--persistence-interval", "0.1", api="REST,GRPC")
    with server.grpc_client() as client:

        def check(name):
            request = health_pb2.HealthCheckRequest(service=name)
            return health_pb2_grpc.HealthStub(client.channel).Check(request, timeout=WAIT_S).status

        assert server.get("/health/ready").json == {"ready": True}
        assert check("state") == SERVING
        until((tmp_path / "seldon-state").exists)
        (tmp_path / "seldon-state").rename(tmp_path / "elsewhere")
        (tmp_path / "seldon-state").write_text("no folder")
        count(server)
        until(lambda: check("state") == NOT_SERVING)
        ready = server.get("/health/ready")
        assert (ready.status, ready.json) == (200, {"ready": True, "degraded": ["state"]})
        assert check("") == check("seldon.protos.Model") == SERVING
        assert server.get("/health/live").status == 200
        (tmp_path / "seldon-state").unlink()
        (tmp_path / "elsewhere").rename(tmp_path / "seldon-state")
        until(lambda: check("state") == SERVING)
        assert server.get("/health/ready").json == {"ready": True}
