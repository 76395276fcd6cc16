"""Tensors: datatypes, and the conversion of JSON values and binary data to NumPy arrays and back."""
