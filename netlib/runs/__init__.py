"""The run directory: what it holds, and how that is written so that a killed process leaves no half of anything.

Plain values and arrays; no TensorFlow. One process at a time writes a run; any number may read it meanwhile.
"""
