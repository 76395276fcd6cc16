"""Tests of the v1 protocol over HTTP.

Modules that other files test:

    form_reading: plugins/rest/tests/flask_bridge/test_lanes.py
    paths: plugins/rest/tests/openapi/test_document.py
    routes: plugins/rest/tests/test_application.py
"""
