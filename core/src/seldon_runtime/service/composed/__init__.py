"""Services of several components: a plugin names the steps of a call, the runtime takes them.

Plugins import the names from :mod:`seldon_runtime.plugin`. Each step runs on the thread of the component that
it asks.
"""
