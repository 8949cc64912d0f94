"""Which features of the catalogue say most of a label: ranked on a sample, copies put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import ColumnMissingError, DataError, ProMLError, choose
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.feature import Sensitivity
from proml_lab.marketplace.find.association import (
    Binned,
    auc,
    binned,
    information,
    overlap,
    rank_correlation,
)
from proml_lab.marketplace.sensitivity import beyond, lowest, personal
from proml_lab.marketplace.view import SPINE, FeatureView
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

N_ROWS = 5000
"""Rows of the spine that are looked at, at most."""
TOO_GOOD, GOOD = 0.98, 0.9
"""AUC or rank correlation from which a feature is suspect: any at all, or one without a time."""
_TOO_MUCH, _MUCH, _GONE = 0.9, 0.5, 0.5
_SCHEMA = {
    "feature": pl.String(), "strength": pl.Float64(), "gain": pl.Float64(), "measure": pl.String(),
    "value": pl.Float64(), "nulls": pl.Float64(), "copy_of": pl.String(), "warning": pl.String(),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SuggestReport:
    """Features ranked for `label` on `n_rows` rows of the spine, the most useful first.

    `n_seen` is how many features were ranked; `unread` says of views and features that were not
    joined why; `notes` tell which features are personal.
    """

    label: str
    ranked: pl.DataFrame = field(repr=False)
    n_rows: int
    n_seen: int
    unread: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.ranked.height

    def frame(self) -> pl.DataFrame:
        """feature, strength, gain, measure, value, nulls, copy_of, warning.

        ``strength`` is the share of the label's information that the feature has by itself, 0 to
        1; ``gain`` what is left of it beside the features above, ``copy_of`` the one that takes
        most, where that is more than half. ``measure`` and ``value`` are its AUC or rank
        correlation, ``nulls`` the share of rows without a value.
        """
        return self.ranked

    def figure(self) -> go.Figure:
        """How much each says by itself."""
        from proml_lab.plots.bars import shares

        named = self.ranked.select(
            pl.col("feature").alias("name"), pl.col("strength").alias("share")
        )
        what = f"Share of what decides {self.label}, by itself; more is better"
        return shares(named, title=self.title, what=what)

    @property
    def title(self) -> str:
        """What was ranked, in one line."""
        of = counted(self.n_seen, "feature")
        return f"{len(self)} of {of} for {self.label}, on {counted(self.n_rows, 'row')}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html
        from proml_lab.plots.svg import to_svg

        warned = self.ranked.filter(pl.col("warning") != "")
        warnings = [f"Warning: {n}: {why}" for n, why in warned.select("feature", "warning").rows()]
        notes = [f"Not joined: {name}: {why}" for name, why in self.unread.items()]
        notes += self.notes
        shown = self.ranked.drop("warning")
        plain = "\n".join(
            [self.title, html.text_table(shown, max_rows=len(self)), *warnings, *notes]
        )
        parts = [html.table(shown, caption=self.title, max_rows=len(self))]
        picture = [to_svg(self.figure())] if len(self) else []
        return html.bundle(
            plain, *map(html.note, warnings), *parts, *picture, *map(html.note, notes)
        )


def suggest(
    catalog: Catalog,
    spine: object,
    *,
    label: str,
    cutoff: str | None = None,
    n: int = 20,
    limits: Iterable[Sensitivity | None] = (),
) -> SuggestReport:
    """Rank every feature that can be joined to `spine` by what it says of `label`.

    Parameters
    ----------
    catalog
        Whose features to rank.
    spine
        (m, p) rows to predict for: a frame, or the path of a file. At most 5,000 that have a label,
        evenly spread, are looked at. Its own columns are ranked too, save keys, label and cutoff.
    label, cutoff
        Columns of the spine; without a cutoff, only features without time can be joined.
    n
        How many to report.
    limits
        What may be joined, such as the spec's and the workspace's: the lowest of them counts, and
        features that are more sensitive are left out.

    Raises
    ------
    ColumnMissingError
        The spine has no such column.
    DataError
        The label is the same everywhere, or of a kind that cannot be ranked for.

    Notes
    -----
    How they are ranked: docs/method.md#suggested-features.
    """
    frame = _read(spine)
    for column in filter(None, (label, cutoff)):
        if column not in frame.columns:
            raise ColumnMissingError(
                f"The spine has no column {column!r}.", hint=choose(column, frame.columns)
            )
    rows = frame.filter(pl.col(label).is_not_null())
    picked = np.linspace(0, rows.height - 1, min(rows.height, N_ROWS)).astype(np.int64)
    sample = rows[picked]
    target = binned(sample[label])
    if target is None or target.entropy == 0:
        raise DataError(
            f"The label {label!r} is {frame.schema[label]} and cannot be ranked for: "
            f"{counted(sample[label].n_unique(), 'value')} in {counted(rows.height, 'row')}.",
            hint="a label has at least two values: numbers, text or truth values.",
        )
    unread: dict[str, str] = {}
    limit = lowest(limits)
    seen = [
        _one(name, values, sample[label], target, timed=timed)
        for name, values, timed in _columns(catalog, sample, label, cutoff, limit, unread)
    ]
    ranked = [one for one in seen if one is not None]
    best = pl.DataFrame([*_chosen(ranked, n)], schema=_SCHEMA, orient="row")
    told = personal(catalog, best["feature"])
    return SuggestReport(label, best, sample.height, len(ranked), unread, told)


def _read(spine: object) -> pl.DataFrame:
    from proml_lab.marketplace.source import open_table
    from proml_lab.model import as_frame

    if isinstance(spine, str | Path):
        return open_table(Path(spine), Path(), role="The spine").read()
    return as_frame(spine)


@dataclass(frozen=True, eq=False)
class _One:
    """A feature by itself."""

    name: str
    bins: Binned
    strength: float
    measure: str
    value: float | None
    nulls: float
    warning: str


def _columns(
    catalog: Catalog,
    sample: pl.DataFrame,
    label: str,
    cutoff: str | None,
    limit: Sensitivity | None,
    unread: dict[str, str],
) -> Iterator[tuple[str, pl.Series, bool]]:
    """(name, values, whether they are as of the cutoff) of all that can be had for the sample."""
    from proml_lab.marketplace.join.answers import Answers

    keys = {key for view in catalog.views for key in view.keys}
    for name in sample.columns:
        if name not in keys and name not in (label, cutoff):
            yield f"{SPINE}.{name}", sample[name], False
    for view in catalog.views:
        why = _unjoinable(view, sample, cutoff)
        try:
            if why:
                unread[view.view] = why
                continue
            names = [*_allowed(view, limit, unread)]
            answers = Answers(sample, cutoff, [(view, names)], labelled=True)
            found = [(f"{view.view}.{name}", answers.values(view, name)) for name in names]
        except ProMLError as error:
            unread[view.view] = error.message
            continue
        yield from ((name, values, view.timed) for name, values in found)


def _allowed(view: FeatureView, limit: Sensitivity | None, unread: dict[str, str]) -> Iterator[str]:
    """Names of the features that may be joined; of others, `unread` says why not."""
    for name in view.features:
        if why := beyond(view, name, limit):
            unread[f"{view.view}.{name}"] = f"it {why}"
        else:
            yield name


def _unjoinable(view: FeatureView, sample: pl.DataFrame, cutoff: str | None) -> str:
    lacking = [key for key in view.keys if key not in sample.columns]
    if lacking:
        return f"the spine has no {' and no '.join(lacking)}"
    return "it needs a cutoff" if view.timed and cutoff is None else ""


def _one(
    name: str, values: pl.Series, label: pl.Series, target: Binned, *, timed: bool
) -> _One | None:
    """What a feature says by itself; None for lists, and where it is the same everywhere."""
    bins = binned(values)
    if bins is None or bins.entropy == 0:
        return None
    strength = min(information(bins, target) / target.entropy, 1.0)
    measure, value = _measured(values, label)
    there = binned(values.is_null())
    gone = information(there, target) / target.entropy if there else 0.0
    warning = _warning(strength, measure, value, gone, timed=timed)
    nulls = values.null_count() / len(values)
    return _One(name, bins, strength, measure, value, nulls, warning)


def _measured(values: pl.Series, label: pl.Series) -> tuple[str, float | None]:
    """(name of the measure that people know, its value) where both are numbers."""
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        return "", None
    numbers = values.cast(pl.Float64).fill_nan(None)
    classes = label.unique().sort()
    if classes.len() == 2:
        positive: npt.NDArray[np.bool_] = (label == classes[1]).to_numpy()
        measure, value = "AUC", auc(numbers, positive)
    elif label.dtype.is_numeric():
        measure, value = "rank correlation", rank_correlation(numbers, label)
    else:
        return "", None
    return ("", None) if np.isnan(value) else (measure, value)


def _warning(
    strength: float, measure: str, value: float | None, gone: float, *, timed: bool
) -> str:
    """Why the feature may say what nobody can know at the cutoff; empty where nothing hints so."""
    size = 0.0 if value is None else max(value, 1 - value) if measure == "AUC" else abs(value)
    said = f"{measure} {value:.3f}" if value is not None else f"strength {strength:.2f}"
    if strength >= _TOO_MUCH or size >= TOO_GOOD:
        return f"too good to be true ({said}): it may be the label in other words"
    if gone >= _GONE:
        return "whether it is missing tells the label: it may be filled in only afterwards"
    if not timed and (strength >= _MUCH or size >= GOOD):
        return f"strong ({said}), and nothing says when it was known: it may be from afterwards"
    return ""


def _chosen(ranked: list[_One], n: int) -> Iterator[tuple[object, ...]]:
    """Rows of the report: at each step the feature that adds most to those before it."""
    left = sorted(ranked, key=lambda one: -one.strength)
    taken = [0.0] * len(left)
    taker = [""] * len(left)
    for _ in range(min(n, len(left))):
        gains = [one.strength * (1 - share) for one, share in zip(left, taken, strict=True)]
        at = int(np.argmax(gains))
        best, copy = left.pop(at), taker.pop(at)
        share = taken.pop(at)
        yield (
            best.name, best.strength, gains[at], best.measure or None, best.value, best.nulls,
            copy if share > 0.5 else None, best.warning,
        )  # fmt: skip
        for i, one in enumerate(left):
            common = overlap(one.bins, best.bins)
            if common > taken[i]:
                taken[i], taker[i] = common, best.name
