"""What a notebook's `parameters` cell asks for, and the values that may be given to it."""

from proml_lab.promote.parameters.binding import bind, cell, together
from proml_lab.promote.parameters.declaration import declared
from proml_lab.promote.parameters.parameter import Kind, Parameter, Value

__all__ = ["Kind", "Parameter", "Value", "bind", "cell", "declared", "together"]
