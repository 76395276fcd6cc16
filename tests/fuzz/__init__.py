"""Fuzzing: whatever bytes a decoder gets, it returns or raises what its contract says.

``targets`` lists the decoders. ``python -m tests.fuzz`` gives them many inputs, guided by what code these
reach; ``test_targets.py`` gives them a few in every run of the tests.
"""
