"""The card: every question of a reader has an answer, drawn from what was recorded."""

from __future__ import annotations

import re

from tests.promote.conftest import Promoted


def test_the_card_says_what_a_reader_asks(promoted: Promoted) -> None:
    text = promoted.artifacts[2].card
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        *("What it predicts", "How well, and how sure", "For whom it does worse"),
        *("What drives it", "On what data", "Limits", "How to use it", "What it had to reach"),
        "What lint found",
    ]
    assert text.startswith("# visits\n\nWho comes late.\n\n## What it predicts\n")
    assert "the chance, between 0 and 1, that `late` is true" in text
    assert "Measured on 80 rows that were held out at random (20% of all)." in text
    auc = promoted.artifacts[2].metrics.row(0, named=True)
    assert f"| auc | {auc['value']:.4g} | {auc['low']:.4g} to {auc['high']:.4g} | higher |" in text
    assert f"ranks the right one higher in {auc['value']:.0%} of all cases" in text
    assert "area under the ROC curve" in text
    assert "- `x`: " in text
    assert "| shop.visits | visits.parquet | 400 | – | no: not read in this run |" in text
    assert "| shop.visits | x, who |" in text
    assert 'load_artifact(".").predict(frame)' in text
    assert "`x`, `who`" in text
    assert "Of 3 groups with too few held-out rows nothing can be said: who = " in text
    assert "Its spec asks for nothing: it has no gates." in text
    assert "visits@" not in text
    assert promoted.artifacts[0].card == promoted.artifacts[1].card
