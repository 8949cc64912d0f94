"""What a run stands on, kept so that it can be had again: environment, code, data, randomness."""

from proml_lab.promote.freeze.ground import Ground, take, write

__all__ = ["Ground", "take", "write"]
