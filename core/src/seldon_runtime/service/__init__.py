"""The call path behind the transports: queue, component threads, observers, interceptors.

Transports call the service from their own threads; calls run on the component's thread.
"""
