"""The contract suite of transports, by subject. Subclassed by transports' tests."""
