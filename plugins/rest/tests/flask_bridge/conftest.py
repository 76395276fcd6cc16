"""Tests of Flask behind the server.

Modules that other files test:

    routes: plugins/rest/tests/flask_bridge/test_app.py
    user_requests: tests/lifecycle/test_flask_requests.py
"""
