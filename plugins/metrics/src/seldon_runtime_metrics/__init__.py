"""Prometheus metrics of a component and of the runtime that serves it.

The plugin manager imports ``plugin``, which imports ``assembly`` when metrics are selected. Packages,
each importing only those named before it: ``series`` (numbers in memory), ``shared`` (numbers in files of
several workers), ``runtime`` (the runtime's own metrics), ``custom`` (the component's metrics), ``page``
(the HTTP endpoint). Calls are counted on the thread that finishes them; pages are made on threads of the
page's server.
"""
