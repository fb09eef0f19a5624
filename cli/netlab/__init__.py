"""The `netlab` command: one file a verb, which parses, calls one task and prints."""
