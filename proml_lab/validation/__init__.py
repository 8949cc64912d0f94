"""Cross-validation: how well a spec does on rows that its models did not learn from."""

from proml_lab.validation.cross_validate import cross_validate
from proml_lab.validation.result import CrossValidation

__all__ = ["CrossValidation", "cross_validate"]
