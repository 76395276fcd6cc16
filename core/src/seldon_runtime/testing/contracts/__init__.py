"""Contract suites: one for each interface that a plugin may implement. Subclassed by plugins' tests."""
