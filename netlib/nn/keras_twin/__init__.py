"""The Keras twin of a network: the same graph made of Keras's own layers, with the same weights, trained in the same way.

`twin_of` makes it. What Keras has no counterpart of is listed, all of it at once, in a `NoTwinError`; `obstacles` gives that list
without making anything. The twin is what somebody who knows Keras would write: a functional `keras.Model` of `keras.layers`, with
activations fused, blocks inlined, and a shared layer called twice. Inputs and outputs have the names of the network's;
`twin_targets` gives the targets as its losses take them.
"""

from netlib.nn.keras_twin.obstacles import NoTwinError, Obstacle
from netlib.nn.keras_twin.training import compile_twin, twin_targets
from netlib.nn.keras_twin.twin import obstacles, twin_of

__all__ = ["NoTwinError", "Obstacle", "compile_twin", "obstacles", "twin_of", "twin_targets"]
