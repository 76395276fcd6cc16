"""The messages of the v1 protocol, for ``*_raw`` methods."""
