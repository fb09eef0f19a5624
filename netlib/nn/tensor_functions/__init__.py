"""What the functions of tensor expressions compute; their parameters are those of `netlib.spec.tensor_functions`."""
