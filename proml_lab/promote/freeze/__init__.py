"""What a run stood on, kept so that it can be had again: environment, code, data, randomness."""

from proml_lab.promote.freeze.environment import freeze

__all__ = ["freeze"]
