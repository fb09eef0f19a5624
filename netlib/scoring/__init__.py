"""What predictions are worth: tables and curves of classes and values, from arrays alone.

Here and not in `training`, whose metrics run inside the compiled loop: these need all predictions at once, and no TensorFlow.
"""
