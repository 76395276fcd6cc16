"""How fast the runtime is, beside a bare server and its peers: ``python -m benchmarks --help``."""
