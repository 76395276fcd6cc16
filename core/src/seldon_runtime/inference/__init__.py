"""The vocabulary of a call: methods, messages, calls, codecs, deadlines, limits, identities.

Every other package imports it. Nothing here starts a thread or reads a setting.
"""
