"""Formats of bodies that are one value.

Modules that other files test:

    codec, formats, binary, text, tables: plugins/rest/tests/media/test_negotiation.py
    format: plugins/rest/tests/media/test_csv_text.py, plugins/rest/tests/media/test_npy.py
    arrow_memory: plugins/rest/tests/media/test_arrow.py
"""
