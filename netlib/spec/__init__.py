"""What a thing is: its parameters, shapes, weights and cost. Imports neither TensorFlow nor any other room."""
