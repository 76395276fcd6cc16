"""Kubernetes objects of graphs.

Modules that are tested elsewhere:

    source: plugins/graph/tests/manifests/test_fused.py
"""
