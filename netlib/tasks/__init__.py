"""One function for each thing that a person asks for: the only room where all the others meet."""
