"""What was found out about the values of features, to be read, drawn and handed on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from proml_lab.errors import unknown
from proml_lab.marketplace.know.bins import bins, shown
from proml_lab.marketplace.know.drift import Drift
from proml_lab.marketplace.know.parts import Unit
from proml_lab.marketplace.know.summary import Summary
from proml_lab.words import counted, lasting

if TYPE_CHECKING:
    import plotly.graph_objects as go

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_MOMENT = pl.Datetime("us", "UTC")
_SCHEMA = {
    "view": pl.String(), "feature": pl.String(), "type": pl.String(), "basis": pl.String(),
    "n": pl.Int64(), "nulls": pl.Float64(), "infinite": pl.Int64(), "n_distinct": pl.Int64(),
    "exact": pl.Boolean(), "mean": pl.Float64(), "std": pl.Float64(), "low": pl.Float64(),
    "quantiles": pl.List(pl.Float64()), "high": pl.Float64(), "bins": pl.List(pl.Float64()),
    "labels": pl.List(pl.String()), "first": _MOMENT, "last": _MOMENT, "age": pl.Duration("us"),
    "drift": pl.Float64(), "drift_size": pl.String(), "drift_before": _MOMENT,
    "drift_now": _MOMENT, "label": pl.Float64(),
}  # fmt: skip
_MOST = 60
_DRIFT = (
    "Drift: the newest period against the one before, as a population stability index: below 0.1 "
    "none, from 0.25 on much. Seasons drift too."
)


@dataclass(frozen=True, eq=False)
class FeatureProfile:
    """The values of one feature.

    Attributes
    ----------
    basis
        ``rows`` of the source, or ``moments`` at which the feature was seen.
    total, periods, unit
        Over everything; by period, with the moment at which each begins; what a period is.
    first, last
        First and last event time of the source, UTC; None if it has none.
    age, time_to_live
        How long ago the newest row became known, and how old it may be: the view's time to live;
        of a window its length and slide, or three periods where these are longer.
    drift
        The newest period against the one before; None where there are no two.
    label
        How closely it goes with the label, see `association`; None where nobody asked.
    """

    view: str
    feature: str
    type: str
    basis: Literal["rows", "moments"]
    total: Summary
    periods: tuple[tuple[datetime, Summary], ...] = field(repr=False)
    unit: Unit | None
    first: datetime | None
    last: datetime | None
    age: timedelta | None
    time_to_live: timedelta | None
    drift: Drift | None
    label: float | None = None

    @property
    def key(self) -> str:
        """``view.feature``."""
        return f"{self.view}.{self.feature}"

    @property
    def nulls(self) -> float:
        """The share of rows without a value."""
        return self.total.nulls / self.total.n if self.total.n else 1.0


@dataclass(frozen=True, eq=False)
class ProfileReport:
    """What the values of some features look like.

    A `Report`: `frame`, `figure` and a static rich form. `now` is what ages are counted to, `of`
    what was asked about; `notes` tell of views that could not be read.
    """

    profiles: tuple[FeatureProfile, ...] = field(repr=False)
    now: datetime
    of: str = ""
    notes: tuple[str, ...] = ()

    def frame(self) -> pl.DataFrame:
        """One row a feature.

        Columns: ``view``, ``feature``, ``type``, ``basis`` (``rows`` or ``moments``), ``n`` of
        these, share of ``nulls``, ``infinite`` values, ``n_distinct``, whether that and the rest
        is ``exact``; ``mean``, ``std``, ``low``, ``quantiles`` (1, 5, 25, 50, 75, 95, 99 %),
        ``high``, times as microseconds since 1970; ``bins`` and their ``labels``; ``first`` and
        ``last`` event, ``age`` of the newest row; ``drift`` (a population stability index) and
        its ``drift_size`` (none, some, much), ``drift_before`` and ``drift_now``: the beginnings
        of the periods; ``label``: how closely it goes with the label.
        """
        rows = [
            {
                "view": one.view, "feature": one.feature, "type": one.type, "basis": one.basis,
                "n": one.total.n, "nulls": one.nulls, "infinite": one.total.infinite,
                "n_distinct": one.total.n_distinct, "exact": one.total.whole,
                "mean": _known(one.total.mean), "std": _known(one.total.std),
                "low": _known(one.total.low), "high": _known(one.total.high),
                "quantiles": [q for q in one.total.quantiles(QUANTILES).tolist() if q == q],
                **dict(zip(("bins", "labels"), bins(one.total, one.type), strict=True)),
                "first": one.first, "last": one.last, "age": one.age, "label": one.label,
                **({"drift": one.drift.psi, "drift_size": one.drift.size,
                    "drift_before": one.drift.before, "drift_now": one.drift.now}
                   if one.drift else {}),
            }
            for one in self.profiles
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=_SCHEMA)

    def trend(self, feature: str) -> pl.DataFrame:
        """One row a period of ``view.feature``: ``period``, ``n``, share of ``nulls``, ``mean``,
        ``low``, ``q05``, ``middle``, ``q95``, ``high``.

        Raises
        ------
        UnknownNameError
            The report is not about that feature.
        """
        rows = []
        for start, one in self._one(feature).periods:
            q05, middle, q95 = one.quantiles([0.05, 0.5, 0.95])
            rows.append(
                (start, one.n, one.nulls / one.n, one.mean, one.low, q05, middle, q95, one.high)
            )
        names = ("nulls", "mean", "low", "q05", "middle", "q95", "high")
        schema = {"period": _MOMENT, "n": pl.Int64(), **dict.fromkeys(names, pl.Float64())}
        return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)

    def figure(self, feature: str | None = None) -> go.Figure:
        """The share of nulls of every feature; of one that is named, or the only one, its values.

        Raises
        ------
        UnknownNameError
            The report is not about that feature.
        """
        from proml_lab.plots.bars import counts

        if feature is None and len(self.profiles) != 1:
            shown = [(one.key, round(100 * one.nulls, 1)) for one in self.profiles[:_MOST]]
            frame = pl.DataFrame(shown, schema={"name": pl.String, "n": pl.Float64}, orient="row")
            return counts(frame, title="Rows without a value", what="% of rows")
        one = self._one(feature) if feature else self.profiles[0]
        n, names = bins(one.total, one.type)
        frame = pl.DataFrame({"name": names, "n": [round(x) for x in n]},
                             schema={"name": pl.String, "n": pl.Int64})  # fmt: skip
        return counts(frame, title=f"Values of {one.key}", what=one.basis.capitalize())

    def over_time(self, feature: str) -> go.Figure:
        """The middle of the values of ``view.feature`` by period, and the middle nine tenths.

        Raises
        ------
        UnknownNameError
            The report is not about that feature.
        """
        from proml_lab.plots.trend import trend

        return trend(self.trend(feature), title=f"{feature} by {self._one(feature).unit}")

    def _one(self, feature: str) -> FeatureProfile:
        found = {one.key: one for one in self.profiles}
        if feature not in found:
            raise unknown("profile of", feature, found)
        return found[feature]

    @property
    def title(self) -> str:
        """What was looked at, in one line."""
        rows = max((one.total.n for one in self.profiles), default=0)
        return f"{counted(len(self.profiles), 'feature')}, {rows:,} rows at most"

    def table(self) -> pl.DataFrame:
        """The frame in words: what the report shows."""
        rows = [_shown(one) for one in self.profiles]
        names = ["feature", "type", "n", "missing", "different", "least", "middle", "greatest"]
        names += ["newest row", "drift", *(["label"] if rows and "label" in rows[0] else [])]
        return pl.DataFrame(rows, schema={**dict.fromkeys(names, pl.String), "n": pl.Int64})

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        table = self.table()
        drifts = [_DRIFT] if any(one.drift for one in self.profiles) else []
        lines = [self.title, html.text_table(table, max_rows=_MOST), *drifts, *self.notes]
        plain = "\n".join(lines)
        parts = [html.table(table, caption=self.title, max_rows=_MOST)]
        parts += map(html.note, drifts)
        if len(self.profiles) == 1:
            one = self.profiles[0]
            said = f"How many {one.basis} have each value."
            drawn = [html.picture(self.figure(), title="Values", description=said)]
            if len(one.periods) > 1 and one.total.texts is None:
                said = f"Middle of the values, and the middle nine tenths, by {one.unit}."
                over = self.over_time(one.key)
                drawn.append(html.picture(over, title="Values over time", description=said))
            parts += drawn
        return html.bundle(plain, *parts, *map(html.note, self.notes))


def _shown(one: FeatureProfile) -> dict[str, object]:
    total, words = one.total, one.total.texts
    middle = shown(float(total.quantiles([0.5])[0]), one.type)
    if words is not None:
        middle = f"often {words[0]}" if words else "–"
    about = "" if total.whole else "≈ "
    found: dict[str, object] = {
        "feature": one.key,
        "type": one.type,
        "n": total.n,
        "missing": f"{one.nulls:.1%}",
        "different": f"{about}{total.n_distinct:,}",
        "least": "" if words is not None else shown(total.low, one.type),
        "middle": middle,
        "greatest": "" if words is not None else shown(total.high, one.type),
        "newest row": ago(one.age) if one.age is not None else "",
        "drift": f"{one.drift.size} ({one.drift.psi:.2g})" if one.drift else "",
    }
    return found | ({"label": f"{one.label:+.2f}"} if one.label is not None else {})


def ago(age: timedelta) -> str:
    """``3 days ago``, ``5 hours ago``; or that it lies ahead."""
    if age < timedelta(0):
        return "in the future"
    return f"{lasting(age)} ago" if age >= timedelta(minutes=1) else "now"


def _known(number: float) -> float | None:
    return number if number == number else None
