"""A state store in Redis for components of the Seldon runtime.

The plugin manager imports ``plugin``, which imports ``store`` when ``PERSISTENCE`` selects it. The store
runs on the thread that loads and saves state. ``testing`` starts real Redis servers for tests and is
never imported otherwise.
"""
