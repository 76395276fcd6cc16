"""Tests of the file.

Modules that are tested elsewhere:

    members, model: plugins/graph/tests/spec/test_predictors.py
    yaml_documents: plugins/graph/tests/spec/test_document.py
"""
