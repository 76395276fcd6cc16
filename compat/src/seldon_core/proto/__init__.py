"""The protocol's messages, for ``*_raw`` methods."""
