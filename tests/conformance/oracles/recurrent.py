"""What Keras computes for the layers of `spec/layers/recurrent.py` and `spec/layers/conv_recurrent.py`."""

from __future__ import annotations

from typing import Any

import keras


def with_ports(kind: Any) -> Any:
    """Keras's layer that reads the parts of its state by their places, and gives them in the end."""

    class WithPorts(kind):
        def build(self, sequence_shape: Any, h_shape: Any = None, c_shape: Any = None) -> None:
            super().build(sequence_shape)

        def call(self, sequence: Any, h: Any = None, c: Any = None, training: Any = None, mask: Any = None) -> Any:
            initial = [each for each in (h, c) if each is not None]
            return super().call(sequence, initial_state=initial or None, training=training, mask=mask)

        def compute_output_shape(self, sequence_shape: Any, h_shape: Any = None, c_shape: Any = None) -> Any:
            return super().compute_output_shape(sequence_shape)

        def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
            return None

    return WithPorts


def _recurrent(name: str, arguments: dict[str, Any]) -> Any:
    del arguments["batch_size"]
    return with_ports(getattr(keras.layers, name))(**arguments, return_state=True)


_NAMES = ("SimpleRNN", "LSTM", "GRU", "ConvLSTM2D")
ORACLES = dict.fromkeys(_NAMES, _recurrent)
OWN_PARAMETERS = {name: {"batch_size"} for name in _NAMES}
