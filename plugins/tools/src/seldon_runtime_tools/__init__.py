"""The command ``seldon-component``: write, test and deploy a component.

``cli`` imports the module of a command when it runs. The tools run on a developer's machine or in a
pipeline; an image that serves a component needs none of them.
"""
