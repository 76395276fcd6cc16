"""The OpenAPI document of one component, as ``/seldon.json`` returns it.

Imported by :mod:`seldon_runtime_rest.v1.routes`. Plain functions on plain values; any thread.
"""
