"""The command line. Runs on the main thread."""
