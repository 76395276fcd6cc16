"""State: the interface of stores, the stored format, restoring and saving.

Restoring and pickling run on the component's thread, writing on a thread of its own.
"""
