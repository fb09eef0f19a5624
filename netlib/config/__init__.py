"""From YAML text to one validated experiment: knows files, lines and columns, and nothing of TensorFlow."""
