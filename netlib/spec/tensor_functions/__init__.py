"""The functions of tensor expressions: what each takes, and the shape and dtype it gives. What they compute is `netlib.nn`'s."""
