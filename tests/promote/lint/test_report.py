"""What lint shows: the table, its advice, its line, its documents."""

from __future__ import annotations

from proml_lab.contracts import Report
from proml_lab.promote import LintReport
from proml_lab.promote.bundle import LintEntry
from proml_lab.promote.lint import CHECKS, Finding, told

ERROR = Finding("PN021", "error", 4, 2, "modle: nothing defines it")
WARNING = Finding("PN050", "warning", 2, 1, "np.random.rand")
OTHER = Finding("PN050", "warning", 7, None, "np.random.rand")
WHOLE = Finding("PN001", "error", None, None, "no code cell has the tag")
MUTED = Finding("PN031", "warning", 5, 1, "read_csv of 'a.csv'", "cell")
REPORT = LintReport("a.ipynb", (WHOLE, WARNING, ERROR, OTHER), (MUTED,))


def test_the_frame_has_a_row_a_finding_and_muted_ones_last() -> None:
    frame = REPORT.frame()
    assert frame.columns == [
        *("code", "severity", "cell", "line", "title", "seen", "why", "mend", "mute", "muted"),
        *("reason", "by"),
    ]
    assert frame["code"].to_list() == ["PN001", "PN050", "PN021", "PN050", "PN031"]
    assert frame.row(2, named=True) == {
        **ERROR.document(),
        "title": CHECKS["PN021"].title,
        "why": CHECKS["PN021"].why,
        "mend": CHECKS["PN021"].mend,
        "mute": """Put {"proml": {"mute": ["PN021"]}} into the cell's metadata.""",
    }
    assert frame["mute"][0].endswith("into the notebook's metadata.")
    assert LintReport("a.ipynb", ()).frame().schema == frame.schema


def test_the_picture_counts_what_each_check_found() -> None:
    (bars,) = REPORT.figure().data
    assert list(bars.y) == [
        "PN050 unseeded randomness",
        "PN001 no parameters cell",
        "PN021 never defined",
    ]
    assert list(bars.x) == [2, 1, 1]
    assert isinstance(REPORT, Report)
    assert len(LintReport("a.ipynb", ()).figure().data[0].x) == 0


def test_the_line_counts_by_kind() -> None:
    said = "2 errors (PN001, PN021), 2 warnings (PN050), 1 muted (PN031)"
    assert told(REPORT.all) == said
    assert str(REPORT) == f"a.ipynb: {said}."
    assert str(LintReport("a.ipynb", ())) == "a.ipynb: nothing to mend."
    assert told([ERROR]) == "1 error (PN021)"
    assert told([]) == ""


def test_what_is_shown_says_where_why_and_how_to_mend() -> None:
    shown = REPORT._repr_mimebundle_()
    for form in (shown["text/plain"], shown["text/html"]):
        assert "cell 4, line 2" in form
        assert "cell 7" in form
        for code in ("PN001", "PN021", "PN050"):
            assert CHECKS[code].title in form
        assert "2 errors (PN001, PN021)" in form
        assert "read_csv" not in form
    assert CHECKS["PN050"].mend in shown["text/plain"]
    assert shown["text/plain"].count(CHECKS["PN050"].mend) == 1
    clean = LintReport("a.ipynb", (), (MUTED,))._repr_mimebundle_()
    assert clean["text/plain"] == "a.ipynb: 1 muted (PN031)."
    assert not LintReport("a.ipynb", (), (MUTED,))
    assert REPORT


def test_a_finding_is_an_entry_of_a_manifest() -> None:
    for finding in REPORT.all:
        entry = LintEntry.model_validate(finding.document())
        assert entry.model_dump() == finding.document()
    entries = [LintEntry.model_validate(f.document()) for f in REPORT.all]
    assert told(entries) == told(REPORT.all)
