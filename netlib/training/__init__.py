"""Training: `Model`, the loop on the device, heads, optimizers, callbacks. Needs TensorFlow."""
