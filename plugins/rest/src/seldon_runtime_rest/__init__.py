"""The REST transport of the seldon runtime: a Flask application behind uvicorn."""
