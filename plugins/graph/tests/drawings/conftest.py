"""Drawings of graphs.

Modules that are tested elsewhere:

    kinds: plugins/graph/tests/drawings/test_mermaid.py
"""
