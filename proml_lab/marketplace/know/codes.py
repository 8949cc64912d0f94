"""What may be amiss with a feature: the codes, why each matters, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from proml_lab.errors import choose

Mark = Literal["good", "look", "bad"]


@dataclass(frozen=True)
class Check:
    """One check. `why` and `mend` are a sentence each."""

    code: str
    mark: Mark
    title: str
    why: str
    mend: str


CHECKS = {
    check.code: check
    for check in (
        Check(
            "FH001", "bad", "the source cannot be read",
            "Whoever asks for the feature gets an error.",
            "Put the source back, or correct its place in the view; retire the view if it is over.",
        ),
        Check(
            "FH002", "bad", "the view does not fit its source",
            "A column is missing, or has a type that the view does not declare: no join works.",
            "Correct the view, or the source; 'features check' names the line.",
        ),
        Check(
            "FH003", "bad", "no values at all",
            "A feature that is always missing tells a model nothing.",
            "Look whether the column is filled, the keys match, and the window is long enough.",
        ),
        Check(
            "FH010", "look", "mostly missing",
            "A model learns from the few rows that have it, and guesses for the others.",
            "Ask the owner whether that is meant; a default may say what a missing value means.",
        ),
        Check(
            "FH011", "look", "one value only",
            "What never varies tells a model nothing.",
            "Look at the source and the formula; retire the feature if it is meant.",
        ),
        Check(
            "FH012", "look", "infinite values",
            "Most learners refuse them, and means and scales become infinite.",
            "Find the division by zero in the source or the formula; make the value null there.",
        ),
        Check(
            "FH013", "look", "more missing than before",
            "Something upstream has begun to fail, or has changed its meaning.",
            "Compare the newest rows of the source with those of the period before.",
        ),
        Check(
            "FH020", "look", "older than it may be",
            "Labels of today see no row any more: the feature is null, a count 0, for all of them.",
            "Find out why the source is not written any more; start it again.",
        ),
        Check(
            "FH021", "look", "no new rows",
            "The source has stopped, and labels of today see old values.",
            "Find out why the source is not written any more; retire the feature if it is over.",
        ),
        Check(
            "FH022", "look", "events in the future",
            "Their times are wrong, or in another time zone: joins see them too early or too late.",
            "Correct the clock or the time zone of the source.",
        ),
        Check(
            "FH030", "look", "drifted",
            "A model that learnt from the earlier values may be wrong on the new ones.",
            "Look at the values over time: a season, a new product, or a fault? Then train anew.",
        ),
        Check(
            "FH040", "look", "deprecated, but used",
            "It may go or fail at any time.",
            "Take the successor, and promote what uses it anew.",
        ),
        Check(
            "FH041", "look", "a draft, but in service",
            "Its meaning may change without a new version.",
            "Make it active, or take it out of what is in service.",
        ),
        Check(
            "FH042", "bad", "gone, but used",
            "What uses it can be neither fitted nor promoted again.",
            "Put it back, or take it out of what uses it.",
        ),
        Check(
            "FH050", "bad", "an input is bad",
            "It is computed from a feature that is itself bad.",
            "Mend the input.",
        ),
        Check(
            "FH060", "bad", "online differs from offline",
            "A model is served other values than it learnt from.",
            "Materialize the view again, if need be with --full; 'features online --check 1000' "
            "names the values.",
        ),
    )
}  # fmt: skip
"""Code to check, in their order."""
MOST_NULLS = 0.5
NULLS_RISE = 0.1
QUIET_UNITS = 3


def muted(value: Mapping[str, str]) -> dict[str, str]:
    """What a view says of `mute`, code to reason; raises ValueError for a mistake."""
    for code, reason in value.items():
        if code not in CHECKS:
            raise ValueError(f"found {code!r}, which is no check of health; {choose(code, CHECKS)}")
        if not reason.strip():
            raise ValueError(f"mutes {code} without a reason; say why it is no fault")
    return dict(value)
