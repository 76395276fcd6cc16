"""MY_KIND for the Seldon runtime: my-name."""
