"""Values of other libraries as arrays, columns, plain values or bytes, recognized by what they can do.

No module here imports such a library. Each type is examined once. Its protocols decide: ``__array__``,
DLPack, columns, the dataframe interchange protocol, the dumps of records, and those of images.
"""
