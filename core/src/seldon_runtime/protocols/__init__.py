"""Pure mappings between JSON-shaped Python values and :mod:`seldon_runtime.message`.

They read and write dicts and NumPy arrays, never text: any transport that speaks
JSON brings its own parser and writer.
"""
