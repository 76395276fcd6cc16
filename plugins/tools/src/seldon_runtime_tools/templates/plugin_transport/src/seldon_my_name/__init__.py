"""The transport my-name of the Seldon runtime."""
