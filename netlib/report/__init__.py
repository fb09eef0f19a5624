"""What a person looks at: summary tables, progress and results. Plain values; no TensorFlow."""
