"""The layers of the catalogue, what each is: parameters, output shape, weights, cost. Computed by `netlib.nn.layers`, in files of
the same names."""
