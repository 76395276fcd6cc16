"""Advice in the messages of a start that fails: what to install, to write or to name.

Imported by :mod:`seldon_runtime.component.loading` and the process. Plain functions; any thread.
"""
