"""The HTTP/1.1 server: sockets, connections and their limits, requests in order, responses as bytes.

Imported by :mod:`seldon_runtime_rest.transport`. Everything runs on the thread of the server's event loop;
only :meth:`.completions.Completions.add` is called from other threads.
"""
