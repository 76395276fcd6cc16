"""The threads of the executor: their making, their event loop, and the coroutines of calls.

The executor and the services import it. Each module says on which thread it runs.
"""
