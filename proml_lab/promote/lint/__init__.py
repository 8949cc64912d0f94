"""Lint: a notebook is checked before it is run; docs/lint.md has the checks."""

from proml_lab.promote.lint.codes import CHECKS, Check
from proml_lab.promote.lint.linting import lint, require
from proml_lab.promote.lint.report import Finding, LintReport, told

__all__ = ["CHECKS", "Check", "Finding", "LintReport", "lint", "require", "told"]
