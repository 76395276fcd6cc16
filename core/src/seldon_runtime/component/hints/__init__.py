"""Type hints of methods: the conversion of a request to the type that a method asks for, chosen at the load.

A method without such hints pays nothing. The conversions start from the neutral ``Payload``, so they serve
every wire format. No module here imports a library that the user's hint does not name.
"""
