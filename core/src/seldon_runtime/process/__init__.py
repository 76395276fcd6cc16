"""The life cycle of a serving process, from the load to the exit status. Runs on the main thread."""
