"""What the card and the report say of lint."""

from __future__ import annotations

from proml_lab.promote.blocks import Table
from proml_lab.promote.bundle import LintEntry
from proml_lab.promote.lint import CHECKS
from proml_lab.promote.lint.words import blocks

THROUGH = LintEntry(code="PN050", severity="warning", cell=2, line=3, seen="np.random.rand")
WHOLE = LintEntry(code="PN031", severity="warning", seen="a.csv", muted="notebook", reason="mine")
MUTED = LintEntry(code="PN091", severity="warning", cell=4, seen="!ls", muted="cell")


def test_nothing_found() -> None:
    assert list(blocks([])) == ["The notebook was checked before it ran, and nothing was found."]


def test_warnings_say_why_they_matter_and_mutes_their_reason() -> None:
    first, through, second, muted = blocks([THROUGH, WHOLE, MUTED])
    assert first == "The notebook was checked before it ran; 1 warning did not stop it:"
    assert isinstance(through, Table)
    assert isinstance(muted, Table)
    said = "unseeded randomness: np.random.rand"
    assert through.rows == (("cell 2, line 3", "PN050", said, CHECKS["PN050"].why),)
    assert second == "Muted by who wrote the notebook, 2 findings:"
    assert muted.rows == (
        ("notebook", "PN031", "undeclared input: a.csv", "notebook", "mine"),
        ("cell 4", "PN091", "shell command: !ls", "cell", "none"),
    )


def test_only_muted() -> None:
    assert next(blocks([MUTED])) == (
        "The notebook was checked before it ran; what was found is muted."
    )
