"""The component's own metrics and its feedback, counted before each answer goes out.

Only ``assembly`` imports it. It runs on the component's thread.
"""
