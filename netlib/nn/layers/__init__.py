"""The layers of the catalogue, what each computes. `netlib.spec.layers` says what it is, in files of the same names."""
