"""Prometheus metrics of a component and of the runtime that serves it."""
