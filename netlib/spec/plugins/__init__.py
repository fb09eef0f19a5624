"""Code of a user's own that adds names to the registry: a file by `--plugin`, or a module that a program imports.

It is here because what a plug-in adds are specs, and because every room that may ask where a name comes from may import this one.
"""
