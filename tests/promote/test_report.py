"""The report: one page that stands by itself and answers what readers ask."""

from __future__ import annotations

import re
from html.parser import HTMLParser

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
    assert "proml-status" not in page.partition("<body>")[2]
    for words in ("depth", "shop.visits", "num_leaves", "pylock.toml", "work/visits.ipynb"):
        assert words in page


def test_its_sections_come_in_the_order_of_the_questions(promoted: Promoted) -> None:
    page = promoted.artifacts[2].report.read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", page) == [
        *("What it predicts", "How well, and how sure", "For whom it does worse"),
        *("What drives it", "On what data", "Limits", "How to use it", "What it had to reach"),
        *("What lint found", "Beside other models", "The run"),
        *("The model in its own language", "What else is in the artifact"),
    ]
    assert "proml reproduce visits@3" in page
