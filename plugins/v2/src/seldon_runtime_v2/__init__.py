"""The Open Inference Protocol (V2) on the ports of the REST and gRPC transports, as a plugin.

Nothing here is public. ``tensors`` converts tensors, ``mapping`` converts requests and answers to neutral
messages and back; both serve every transport. ``rest`` holds the routes and the codec of HTTP.
"""

__version__ = "0.1.0"
