"""The process log: configured once, whole lines, never blocking a call for long.

Any thread may log.
"""
