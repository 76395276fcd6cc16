"""Examination of the user's class at the load: its methods' names and kinds, and the arrays that it asks for.

The adapter and the start of a process import these modules. They run on the component's thread.
"""
