"""Facts behind a manifest: names that a cluster accepts, and components whose copies would learn apart.

Imported by the command ``manifest``. Plain functions.
"""
