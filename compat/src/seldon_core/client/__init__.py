"""The parts of ``SeldonClient``: credentials, messages, addresses, the two transports, and results."""
