"""Conversion between wire values and the messages of ``seldon_runtime.inference``, for any transport.

Everything runs on the component's thread.
"""
