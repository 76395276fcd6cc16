"""The inference graph of a SeldonDeployment file in one process.

The plugin manager imports ``plugin``, which imports the rest when a graph is served. ``spec`` turns the file
into frozen objects, ``resolve`` finds the class of each node, ``loading`` loads them, ``walk`` has the
semantics without threads and transports, and ``service`` runs it on the threads of the nodes.
"""
