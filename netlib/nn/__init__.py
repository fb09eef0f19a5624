"""What a network computes: Module, Layer, Network, Sequential, and one class for each layer spec. Needs TensorFlow."""
