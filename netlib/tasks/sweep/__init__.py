"""Sweeps: many trainings of one config, whose values a sampler chooses. Optuna keeps them, and is imported nowhere else."""
