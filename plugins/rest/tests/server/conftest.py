"""Tests of the HTTP server.

Modules that other files test:

    parts, pending, response_text: plugins/rest/tests/server/test_responses.py
    connections: plugins/rest/tests/server/test_timeouts.py, plugins/rest/tests/server/test_connection_age.py
    http_server: plugins/rest/tests/test_transport.py
    response_side: plugins/rest/tests/server/test_responses.py
    reader, refusal: plugins/rest/tests/server/test_protocol.py
"""
