"""Explanations: additive contributions of features, as data, words and pictures."""

from proml_lab.explain.explain import explain
from proml_lab.explain.explanation import Explanation

__all__ = ["Explanation", "explain"]
