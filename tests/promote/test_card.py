"""The card and the report: what they say, and that they stand by themselves."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from proml_lab.promote import card
from tests.promote.conftest import Promoted

VOID = {"meta", "br", "hr", "img", "input", "link", "circle", "line", "path", "rect", "polyline"}


class Tags(HTMLParser):
    """Every start tag, and those that are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def test_the_card_says_what_a_reader_asks(promoted: Promoted) -> None:
    text = promoted.artifacts[2].card
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles == [
        *("What it predicts", "How well, and how sure", "What drives it", "On what data"),
        *("Limits", "How to use it"),
    ]
    assert "the chance, between 0 and 1, that `late` is true" in text
    assert "Measured on 80 rows that were held out at random (20% of all)." in text
    auc = promoted.artifacts[2].metrics.row(0, named=True)
    assert f"| auc | {auc['value']:.4g} | {auc['low']:.4g} to {auc['high']:.4g} | higher |" in text
    assert "area under the ROC curve" in text
    assert "- `x`: " in text
    assert "| shop.visits | 400 | x, who |" in text
    assert 'load_artifact("visits").predict(frame)' in text
    assert "`x`, `who`" in text


def test_meanings_are_those_of_the_metrics() -> None:
    assert "ROC" in card.meaning("auc")
    assert card.meaning("lift") == ""


def test_the_report_is_one_page_without_script_or_outside_address(promoted: Promoted) -> None:
    artifact = promoted.artifacts[2]
    page = artifact.report.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "iframe", "link", "img"} & {tag for tag, _ in tags.seen}
    links = [attrs["href"] for tag, attrs in tags.seen if tag == "a"]
    for link in links:
        assert link is not None
        assert (artifact.report.parent / link).is_file()
    assert not re.findall(r"(?:src|href|url)\s*[=(]\s*['\"]?https?:", page)
    assert page.count("<svg") >= 3
    assert "<h1>visits@3</h1>" in page
    for words in ("depth", "shop.visits", "num_leaves", "pylock.toml", "work/visits.ipynb"):
        assert words in page
