"""A hint is said as it is typed where it is read."""

from __future__ import annotations

import pytest

from proml_lab.magics.wording import in_notebook, on_command_line


@pytest.mark.parametrize(
    ("hint", "notebook", "command"),
    [
        ("rows: on=dataset.", "rows: --on DATASET.", "rows: --on FILE.parquet."),
        ("name it: cutoff='…'.", "name it: --cutoff COLUMN.", "name it: --cutoff COLUMN."),
        ("see %proml help.", "see %proml help.", "see proml help."),
        ("%proml output model=X", "%proml output model=X", "%proml output model=X"),
        (
            "explain(model, on=frame)",
            "%proml explain MODEL --on DATASET",
            "proml explain MODEL --on FILE.parquet",
        ),
        ("explain(model, also=[3])", "--row 3", "--row 3"),
    ],
)
def test_a_hint_at_each_surface(hint: str, notebook: str, command: str) -> None:
    assert in_notebook(hint) == notebook
    assert on_command_line(hint) == command
