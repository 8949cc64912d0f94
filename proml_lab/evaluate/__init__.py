"""Evaluate and compare: metrics with intervals, on the same rows for every model."""

from proml_lab.evaluate.compare import compare, evaluate
from proml_lab.evaluate.comparison import Comparison

__all__ = ["Comparison", "compare", "evaluate"]
