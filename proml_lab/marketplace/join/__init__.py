"""Point-in-time joins: each label with what was known at its cutoff."""

from proml_lab.marketplace.join.training import training_set

__all__ = ["training_set"]
