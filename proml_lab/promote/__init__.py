"""Promotion: a notebook becomes a versioned artifact that can be checked, loaded and compared."""

from proml_lab.promote.artifact import Artifact, load_artifact, previous
from proml_lab.promote.checking import read_values
from proml_lab.promote.details import Details, show
from proml_lab.promote.difference import Difference, difference
from proml_lab.promote.gc import Leftovers, gc
from proml_lab.promote.lint import Finding, LintReport, lint
from proml_lab.promote.listing import ArtifactList, artifacts
from proml_lab.promote.moves import Move, alias, rollback
from proml_lab.promote.notebook import NotebookInfo, inspect
from proml_lab.promote.outputs import Outputs, record
from proml_lab.promote.parameters import Parameter
from proml_lab.promote.promotion import promote
from proml_lab.promote.reproduction import Reproduction, reproduce
from proml_lab.promote.restore import notebook_of, restore
from proml_lab.promote.sweep import SweepReport, read_grid, sweep
from proml_lab.promote.trust import Verification, verify

__all__ = [
    "Artifact",
    "ArtifactList",
    "Details",
    "Difference",
    "Finding",
    "Leftovers",
    "LintReport",
    "Move",
    "NotebookInfo",
    "Outputs",
    "Parameter",
    "Reproduction",
    "SweepReport",
    "Verification",
    "alias",
    "artifacts",
    "difference",
    "gc",
    "inspect",
    "lint",
    "load_artifact",
    "notebook_of",
    "previous",
    "promote",
    "read_grid",
    "read_values",
    "record",
    "reproduce",
    "restore",
    "rollback",
    "show",
    "sweep",
    "verify",
]
