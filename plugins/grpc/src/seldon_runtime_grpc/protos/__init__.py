"""The protocol's messages, for ``*_raw`` methods: sources, stubs, and modules that look like generated ones.

Nothing here is generated Python: the classes come from ``descriptors.binpb`` and live in a descriptor
pool of their own. So no other package's ``prediction.proto`` or ``tensor.proto`` can clash with them, and
they work under any protobuf that can read descriptors.
"""
