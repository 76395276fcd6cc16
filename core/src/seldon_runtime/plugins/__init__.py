"""Finding, selecting, importing and validating plugins, and calling their hooks.

Everything runs on the main thread, at start-up.
"""
