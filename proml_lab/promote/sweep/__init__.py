"""A sweep: the same notebook promoted once for every combination of some values."""

from proml_lab.promote.sweep.grid import read_grid
from proml_lab.promote.sweep.report import SweepReport
from proml_lab.promote.sweep.sweep import sweep

__all__ = ["SweepReport", "read_grid", "sweep"]
