"""Other libraries' training loops on the networks of `configs/bench`, for `tests/benchmarks/against.py`.

A module for each library; a function of it for each of its loops. All take the network's name and its samples, and return a
function that trains for an epoch and comes back when the work is done. Networks, optimizer (Adam, 1e-3), batches, shuffling and
loss are those of the config.
"""
