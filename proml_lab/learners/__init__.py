"""Learners: families of models, found by the entry point group ``proml_lab.learners``."""

from proml_lab.learners.fit import fit
from proml_lab.learners.folder import load
from proml_lab.learners.registry import get, names

__all__ = ["fit", "get", "load", "names"]
