from __future__ import annotations

from html.parser import HTMLParser

import plotly.graph_objects as go
import polars as pl
import pytest

from proml_lab.plots import html, theme
from tests.plots.conftest import NASTY

FRAME = pl.DataFrame({"name": ["a", NASTY, None], "auc": [0.7, None, 0.65], "n": [1000, 2, 3]})


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_table_is_a_real_table() -> None:
    tags = Tags(html.table(FRAME, caption=NASTY))
    kinds = [tag for tag, _ in tags.seen]
    assert kinds.count("tr") == 4
    assert [a.get("scope") for t, a in tags.seen if t == "th"] == ["col"] * 3 + ["row"] * 3
    assert [a.get("align") for t, a in tags.seen if t == "td"] == ["right"] * 6
    assert kinds[:2] == ["figure", "figcaption"]
    assert "b" not in kinds
    assert tags.words.count(NASTY) == 2
    assert tags.words.count("–") == 2


def test_rows_and_columns_left_out_are_said() -> None:
    wide = pl.DataFrame({f"c{i}": range(50) for i in range(32)})
    assert "… and 30 more rows and 2 more columns" in html.table(wide)
    assert html.text_table(wide).endswith("… and 30 more rows and 2 more columns")
    assert "more" not in html.table(FRAME)
    assert html.table(FRAME, max_rows=2).endswith("… and 1 more row</p>")


def test_a_text_table_is_aligned() -> None:
    lines = html.text_table(FRAME.with_columns(name=pl.Series(["a", "long\nname", None]))).split(
        "\n"
    )
    assert lines == [
        "name        auc      n",
        "a          0.70  1,000",
        "long name     –      2",
        "–          0.65      3",
    ]


def test_a_text_table_fits_a_width() -> None:
    frame = pl.DataFrame({"a": ["x" * 10], "b": ["one two three four five"], "n": [7]})
    said = html.text_table(frame, width=30, wrapped=["b"]).splitlines()
    assert said == [
        "a           b                n",
        "xxxxxxxxxx  one two three    7",
        "            four five",
    ]
    assert html.text_table(frame, width=1000) == html.text_table(frame)
    both = pl.DataFrame({"a": ["word " * 9], "b": ["word " * 9]})
    assert max(map(len, html.text_table(both, width=26, wrapped=["b"]).splitlines())) <= 26


def test_empty_frames() -> None:
    assert html.text_table(FRAME.head(0)) == "name  auc  n"
    assert "<tbody></tbody>" in html.table(FRAME.head(0))
    assert html.text_table(pl.DataFrame()) == ""
    Tags(html.table(pl.DataFrame()))


def test_formats() -> None:
    assert ">70.0%<" in html.table(FRAME, formats={"auc": ".1%"})


def test_a_bundle_has_both_forms_and_no_script(any_figure: go.Figure) -> None:
    picture = html.picture(any_figure, title=NASTY, description=NASTY)
    parts = [html.heading(NASTY), html.note(NASTY), html.lead(NASTY), html.pre(NASTY), picture]
    made = html.bundle("plain", html.details(NASTY, html.row(*parts)), html.table(FRAME))
    assert set(made) == {"text/plain", "text/html"}
    assert made["text/plain"] == "plain"
    tags = Tags(made["text/html"])
    assert tags.seen[0] == ("div", {"class": "proml"})
    assert "script" not in {tag for tag, _ in tags.seen}
    assert not any(key.startswith("on") for _, attrs in tags.seen for key in attrs)
    assert len(made["text/html"].encode()) <= html.MAX_BYTES


def test_a_picture_is_named_for_those_who_do_not_see_it() -> None:
    figure = theme.figure().add_scatter(x=[0, 1], y=[0, 1])
    tags = Tags(html.picture(figure, title="Hits", description="Higher is better."))
    (svg, *_) = [attrs for tag, attrs in tags.seen if tag == "svg"]
    assert svg["role"] == "img"
    assert svg["aria-label"] == "Hits. Higher is better."
    assert "Higher is better." in tags.words


def test_a_bundle_never_grows_beyond_its_limit() -> None:
    big = html.pre("ü" * 200_000)
    made = html.bundle("x" * 10**6, html.note("first"), big, html.note("last"))
    assert len(made["text/html"].encode()) <= html.MAX_BYTES
    assert len(made["text/plain"]) < html.MAX_BYTES
    for said in ("first", "last", "1 of 3 parts are too large to show here"):
        assert said in made["text/html"]


def test_code_is_shown_to_the_letter() -> None:
    made = html.code("a: <b>\n", title="Spec")
    assert made["text/plain"] == "a: <b>\n"
    assert "<code>a: &lt;b&gt;\n</code>" in made["text/html"]


@pytest.mark.parametrize("text", ["", "short", "x" * 500])
def test_long_cells_may_wrap(text: str) -> None:
    assert ("proml-w" in html.cell(text)) == (len(text) > html.WIDE)
