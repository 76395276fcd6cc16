"""Flask, for a user's ``model_error_handler`` blueprint and the documentation page; Werkzeug, for forms.

Imported by :mod:`seldon_runtime_rest.assembly`; Flask itself is imported with the first request for it.
Requests run in the threads of :mod:`.threads`, once their body is whole.
"""
