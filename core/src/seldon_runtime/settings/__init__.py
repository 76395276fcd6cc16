"""The settings: click options, their values, and the objects made from them.

Read once, on the main thread, before anything is loaded.
"""
