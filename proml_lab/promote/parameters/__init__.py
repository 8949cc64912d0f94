"""What a notebook's `parameters` cell asks for, and the values that may be given to it."""

from proml_lab.promote.parameters.binding import Given, bind, cell, read
from proml_lab.promote.parameters.declaration import declared
from proml_lab.promote.parameters.file import read_files
from proml_lab.promote.parameters.parameter import Parameter
from proml_lab.promote.parameters.value import Kind, Type, Value

__all__ = [
    "Given",
    "Kind",
    "Parameter",
    "Type",
    "Value",
    "bind",
    "cell",
    "declared",
    "read",
    "read_files",
]
