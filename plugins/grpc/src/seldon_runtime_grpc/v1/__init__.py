"""The Seldon v1 protocol over gRPC: its services, and ``seldon.protos`` messages as neutral ones.

`services` lists the RPCs, `codec` reads and writes their messages. `transport` imports `services`; the codec
runs on the component's thread.
"""
