"""Tests of what the nodes run.

Modules that are tested elsewhere:

    bounded_response, remote, remote_rest, remote_grpc: plugins/graph/tests/nodes/test_remote_nodes.py
    values: plugins/graph/tests/nodes/test_raw_methods.py
"""
