"""Promotion: a notebook becomes a versioned artifact that can be checked, loaded and compared."""

from proml_lab.promote.artifact import Artifact, load_artifact, previous
from proml_lab.promote.notebook import NotebookInfo, inspect
from proml_lab.promote.outputs import Outputs, record
from proml_lab.promote.promotion import promote

__all__ = [
    "Artifact",
    "NotebookInfo",
    "Outputs",
    "inspect",
    "load_artifact",
    "previous",
    "promote",
    "record",
]
