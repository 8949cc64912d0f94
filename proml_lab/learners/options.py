"""Options of a learner: checked by a document, errors named as they stand in the spec."""

from __future__ import annotations

from collections.abc import Mapping

from proml_lab import document
from proml_lab.contracts import Json
from proml_lab.document import Document
from proml_lab.errors import SpecError


def checked(options: Mapping[str, Json], kind: type[Document], *, learner: str) -> dict[str, Json]:
    """`options` with the defaults of `kind`.

    Raises
    ------
    SpecError
        A line for each wrong one, such as ``learner.trees.n_tree: unknown field``.
    """
    place = f"learner.{learner}"
    try:
        return document.validate(options, kind, name=place).model_dump()
    except SpecError as error:
        lines = [line.replace(f"{place}: ", f"{place}.", 1) for line in error.message.splitlines()]
        names = ", ".join(kind.model_fields)
        hint = f"options of {learner} are {names}." if names else f"{learner} has no options."
        raise SpecError("\n".join(lines), hint=hint) from None
