"""Benchmarks of the runtime beside a bare server and its peers: ``python -m benchmarks --help``."""
