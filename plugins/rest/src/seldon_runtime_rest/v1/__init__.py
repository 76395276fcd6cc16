"""The Seldon v1 protocol over HTTP: its routes, its JSON and its forms.

Imported by :mod:`seldon_runtime_rest.assembly`. Routes run on the event loop's thread, the reading of forms
in the threads of :mod:`seldon_runtime_rest.flask_bridge`, codecs on the component's thread.
"""
