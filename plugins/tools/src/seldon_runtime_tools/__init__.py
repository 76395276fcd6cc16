"""``seldon-component``: write, try and deploy a component."""
