"""The command ``seldon-component new-plugin``, and the kinds of plugins that it writes."""
