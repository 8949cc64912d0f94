"""The marks of features and their reasons, to be read, drawn and handed to the search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.marketplace.know.codes import CHECKS, Check, Mark
from proml_lab.marketplace.know.report import FeatureProfile
from proml_lab.marketplace.know.usage import Use
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

MARKS: tuple[Mark, ...] = ("bad", "look", "good")
_SIGNS: dict[Mark, str] = {"good": "✓ good", "look": "! look", "bad": "✗ bad"}
VALUES: dict[Mark, float] = {"good": 1.0, "look": 0.7, "bad": 0.0}
"""What each mark counts in a ranking."""
_MOST = 100


def mark_of(value: float) -> Mark:
    """The mark that counts `value` or the next one above it: good only what is 1."""
    return "good" if value >= VALUES["good"] else "look" if value > VALUES["bad"] else "bad"


def sign(value: float) -> str:
    """That mark as it is shown."""
    return _SIGNS[mark_of(value)]


@dataclass(frozen=True)
class Reason:
    """What one check found: its `code`, and what it saw.

    `muted` is why the view says that it is no fault; empty if it does not.
    """

    code: str
    seen: str
    muted: str = ""

    @property
    def check(self) -> Check:
        return CHECKS[self.code]

    def __str__(self) -> str:
        return f"{self.code} {self.said}"

    @property
    def said(self) -> str:
        """What was seen, and why that is no fault."""
        muted = f" (muted: {self.muted})" if self.muted else ""
        return f"{self.check.title}: {self.seen}{muted}"


@dataclass(frozen=True)
class FeatureHealth:
    """One feature with every reason why it is not good, and its uses."""

    view: str
    feature: str
    reasons: tuple[Reason, ...] = ()
    uses: tuple[Use, ...] = field(default=(), repr=False)

    @property
    def key(self) -> str:
        """``view.feature``."""
        return f"{self.view}.{self.feature}"

    @property
    def mark(self) -> Mark:
        """The worst of its reasons that are not muted; good without one."""
        marks = {reason.check.mark for reason in self.reasons if not reason.muted}
        return next((mark for mark in MARKS if mark in marks), "good")


@dataclass(frozen=True, eq=False)
class HealthReport:
    """The health of some features.

    A `Report`: `frame`, `figure` and a static rich form. `profiles` are those that were judged, by
    ``view.feature``; `now` is what ages were counted to, `of` what was asked about.
    """

    features: tuple[FeatureHealth, ...] = field(repr=False)
    profiles: Mapping[str, FeatureProfile] = field(repr=False)
    now: datetime
    of: str = ""
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no feature is bad."""
        return all(one.mark != "bad" for one in self.features)

    @property
    def title(self) -> str:
        """How many of each mark, in one line."""
        marks = Counter(one.mark for one in self.features)
        said = ", ".join(f"{marks[mark]} {mark}" for mark in reversed(MARKS) if marks[mark])
        return f"{counted(len(self.features), 'feature')}: {said or 'none'}"

    def frame(self) -> pl.DataFrame:
        """One row a feature: ``view``, ``feature``, ``mark`` (good, look, bad), ``codes`` that
        are not muted, ``reasons`` in words, muted ones too.
        """
        rows = [
            (one.view, one.feature, one.mark, [r.code for r in one.reasons if not r.muted],
             "; ".join(map(str, one.reasons)))
            for one in self.features
        ]  # fmt: skip
        schema = {"view": pl.String(), "feature": pl.String(), "mark": pl.String(),
                  "codes": pl.List(pl.String()), "reasons": pl.String()}  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")

    def rows(self) -> pl.DataFrame:
        """One row a reason: ``view``, ``feature``, ``code``, ``mark``, ``title``, ``seen``,
        ``why``, ``mend``, ``muted`` (the reason, or empty).
        """
        found = [
            (one.view, one.feature, reason.code, reason.check.mark, reason.check.title,
             reason.seen, reason.check.why, reason.check.mend, reason.muted)
            for one in self.features
            for reason in one.reasons
        ]  # fmt: skip
        names = ("view", "feature", "code", "mark", "title", "seen", "why", "mend", "muted")
        return pl.DataFrame(found, schema=dict.fromkeys(names, pl.String), orient="row")

    def known(self) -> pl.DataFrame:
        """One row a feature for `Catalog.search`: ``usage``, how many use it; ``health``, 1 for
        good, 0.7 for look, 0 for bad; ``freshness``: fresh, stale or static; ``used_by``.
        """
        rows = [
            {
                "view": one.view,
                "feature": one.feature,
                "usage": float(len({use.name for use in one.uses})),
                "health": VALUES[one.mark],
                "freshness": self._freshness(one),
                "used_by": sorted({use.model or use.name for use in one.uses}),
            }
            for one in self.features
        ]
        schema = {"view": pl.String(), "feature": pl.String(), "usage": pl.Float64(),
                  "health": pl.Float64(), "freshness": pl.String(),
                  "used_by": pl.List(pl.String())}  # fmt: skip
        return pl.DataFrame(rows, schema=schema)

    def _freshness(self, one: FeatureHealth) -> str | None:
        profile = self.profiles.get(one.key)
        if profile is None:
            return None
        if profile.age is None:
            return "static"
        codes = {reason.code for reason in one.reasons}
        return "stale" if codes & {"FH020", "FH021"} else "fresh"

    def figure(self) -> go.Figure:
        """How often each check found something."""
        from proml_lab.plots.bars import counts

        found = Counter(
            f"{reason.code} {reason.check.title}"
            for one in self.features
            for reason in one.reasons
            if not reason.muted
        )
        rows = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        frame = pl.DataFrame(rows, schema={"name": pl.String, "n": pl.Int64}, orient="row")
        return counts(frame, title=self.title, what="features")

    def __str__(self) -> str:
        from proml_lab.plots import html

        if not self.features:
            return self.title
        worst = self._shown()
        advice = [f"{code}: {why} {mend}" for code, _, why, mend in self._advice().iter_rows()]
        table = html.text_table(worst, max_rows=_MOST)
        return "\n".join([self.title, table, *([""] if advice else []), *advice, *self.notes])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        parts = [html.table(self._shown(), caption=self.title, max_rows=_MOST)]
        if self._advice().height:
            said = "Why it matters, and how to mend it"
            parts.append(html.table(self._advice(), caption=said, max_rows=_MOST))
        return html.bundle(str(self), *parts, *map(html.note, self.notes))

    def _shown(self) -> pl.DataFrame:
        """The worst first, a line a reason."""
        rows = []
        for one in sorted(self.features, key=lambda one: MARKS.index(one.mark)):
            for i, reason in enumerate(one.reasons or [None]):
                said = reason.said if reason else ""
                head = (one.key, _SIGNS[one.mark]) if not i else ("", "")
                rows.append((*head, reason.code if reason else "", said))
        names = ("feature", "mark", "code", "what was seen")
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")

    def _advice(self) -> pl.DataFrame:
        codes = sorted({r.code for one in self.features for r in one.reasons if not r.muted})
        rows = [(code, CHECKS[code].title, CHECKS[code].why, CHECKS[code].mend) for code in codes]
        names = ("code", "what", "why", "mend")
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
