"""Writes configs: of a kind, from a template, or for a file of a user's own, by what is in it."""
