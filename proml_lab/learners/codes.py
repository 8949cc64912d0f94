"""What may be dubious about training rows: the codes, why each matters, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from proml_lab.contracts import Caveat


@dataclass(frozen=True)
class Check:
    """One check. `why` and `mend` are a sentence each."""

    code: str
    title: str
    why: str
    mend: str

    def of(self, column: str, words: str) -> Caveat:
        """The warning that it was met in `column`."""
        return Caveat(self.code, column, words, self.mend)


CHECKS = {
    check.code: check
    for check in (
        Check(
            "MW001", "a feature is always missing",
            "It teaches nothing, and mostly a join or a source has failed.",
            "Look whether its keys match and its source is filled, or leave it out.",
        ),
        Check(
            "MW002", "a feature has one value only",
            "What never varies teaches nothing.",
            "Leave it out, or take rows in which it varies.",
        ),
        Check(
            "MW003", "a feature is infinite somewhere",
            "Linear models refuse it; trees count it as the greatest value there is.",
            "Find the division by zero, or use a transform that stays finite.",
        ),
        Check(
            "MW004", "two features have the same values",
            "They share one effect, and neither's importance says what it does.",
            "Leave one of them out.",
        ),
        Check(
            "MW005", "a text feature is nearly different in every row",
            "It names rows and does not describe them: what it teaches is of no use elsewhere.",
            "Leave it out, make groups of it by a transform, or use it as an entity of game.",
        ),
        Check(
            "MW006", "a feature tells the label by itself",
            "It mostly became known only with the label: a model that is used has no such help.",
            "Ask when it becomes known; leave it out if that is after the prediction.",
        ),
        Check(
            "MW007", "few training rows",
            "What is learnt is mostly chance, and so is what a test says of it.",
            "Take more rows, or a simple learner such as linear with few features.",
        ),
        Check(
            "MW008", "few training rows of one class",
            "A model cannot learn what a class is like of which it saw a handful.",
            "Take a longer period, or another label that is not as rare.",
        ),
    )
}  # fmt: skip
