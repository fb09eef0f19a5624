"""Where samples come from: the specs of all sources, a file for each kind."""
