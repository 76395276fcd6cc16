"""The semantics of a graph: generators of steps, which know neither threads nor transports.

Whoever runs the steps decides where a node runs: in a thread of this process, or elsewhere.
"""
