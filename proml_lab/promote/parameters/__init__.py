"""What a notebook's `parameters` cell asks for, and the values that may be given to it."""

from proml_lab.promote.parameters.binding import (
    Given,
    Text,
    Unread,
    bind,
    cell,
    checked,
    read,
    together,
    with_cure,
)
from proml_lab.promote.parameters.declaration import declared, examined
from proml_lab.promote.parameters.file import gather_files, read_files
from proml_lab.promote.parameters.parameter import Parameter
from proml_lab.promote.parameters.value import Kind, Type, Value
from proml_lab.promote.parameters.words import gather_words, read_words

__all__ = [
    "Given",
    "Kind",
    "Parameter",
    "Text",
    "Type",
    "Unread",
    "Value",
    "bind",
    "cell",
    "checked",
    "declared",
    "examined",
    "gather_files",
    "gather_words",
    "read",
    "read_files",
    "read_words",
    "together",
    "with_cure",
]
