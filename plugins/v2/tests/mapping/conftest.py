"""The mapping of requests and answers.

Modules that other files test:

    tensors: plugins/v2/tests/mapping/test_requests.py, plugins/v2/tests/mapping/test_answers.py
"""
