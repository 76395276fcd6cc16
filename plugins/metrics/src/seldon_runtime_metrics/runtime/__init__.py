"""The runtime's own metrics: calls, durations, sizes, state, readiness and the process.

``assembly`` and ``custom`` import it. The observer runs on the thread that finishes a call, the sampler
on the page's threads and, with several workers, on a thread of its own.
"""
