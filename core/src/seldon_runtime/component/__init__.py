"""The user's class: loading it, finding its methods, calling them, packing their results.

Everything runs on the component's thread. The service calls the adapter.
"""
