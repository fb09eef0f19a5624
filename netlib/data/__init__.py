"""Where batches come from: readers, splits, shuffles and fitted preprocessing. NumPy only in the public interface."""
