"""Bodies that are one value, such as a picture or a table: read by Content-Type, written by Accept.

``formats`` lists them. Each format turns bytes into a neutral payload and back; ``codec`` is the v1 codec
with such bodies, and ``negotiation`` chooses it for a request. Decoding runs on the component's thread.
"""
