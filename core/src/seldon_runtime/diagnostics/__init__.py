"""``seldon-run doctor`` and ``seldon-run plugins``: reports on an installation and its settings.

Imported only by these commands.
"""
