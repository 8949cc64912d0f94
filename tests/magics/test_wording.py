"""A hint is said as it is typed where it is read."""

from __future__ import annotations

import warnings

import pytest

from proml_lab.magics.wording import in_notebook, on_command_line, plain_warnings
from proml_lab.marketplace.publish.rules import RetiredWarning


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


def test_a_warning_of_ours_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = warnings.showwarning
    with warnings.catch_warnings(record=True) as others:
        warnings.simplefilter("always")
        with plain_warnings():
            warnings.warn("a.b.x is deprecated; use a.c.", RetiredWarning, stacklevel=1)
            warnings.warn("of another package", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "proml: a.b.x is deprecated; use a.c.\n"
    assert [str(one.message) for one in others] == ["of another package"]
    assert warnings.showwarning is before
