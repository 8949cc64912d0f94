"""What window features aggregate: the rows of a history that pass, and their values."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DataError, DuplicateKeyError
from proml_lab.expression import evaluate
from proml_lab.kernels import ranks
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.join.history import History
from proml_lab.marketplace.join.sliding import Asked, Chosen, Flags
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.view import FeatureView

Floats = npt.NDArray[np.float64]
K = TypeVar("K")
V = TypeVar("V")
_OF_NUMBERS = ("sum", "mean", "min", "max", "std", "quantile")
_KEPT = 6
"""So many columns are kept for the features that follow: memory stays bounded for wide pivots."""


class Aggregated:
    """The values of one formula in the rows of a history that pass a condition.

    Attributes
    ----------
    of
        The formula's values in all rows of the source.
    counted
        The rows that pass the condition.
    chosen
        Those of them that have a value.
    """

    def __init__(self, of: pl.Series, counted: Chosen) -> None:
        self.of, self.counted = of, counted
        self._codes: Ints | None = None
        self._ranks: tuple[Ints, Floats] | None = None
        self._keep = of.is_not_null().to_numpy()[counted.rows]
        self.chosen = counted.only(self._keep)

    @cached_property
    def before(self) -> Ints:
        """(counted + 1,) how many of the `chosen` lie before each."""
        return Chosen.before(self._keep)

    @cached_property
    def numbers(self) -> Floats:
        """(chosen,) the values, which are numbers."""
        return self.of.cast(pl.Float64).fill_null(0.0).to_numpy()[self.chosen.rows]

    @cached_property
    def _finite(self) -> bool:
        return bool(np.isfinite(self.numbers).all())

    def require_numbers(self, role: str) -> None:
        """Raises DataError where `role` aggregates what is no finite number."""
        if not (self.of.dtype.is_numeric() or self.of.dtype == pl.Boolean):
            raise DataError(
                f"{role} aggregates {self.of.dtype}, not numbers.",
                hint="aggregate a number or a condition; text and times can be counted.",
            )
        if not self._finite:
            raise DataError(
                f"{role} aggregates infinite values.",
                hint="leave them out with a 'where' condition.",
            )

    def undecided(self, chosen: Chosen, *, counting: bool = False) -> Flags | None:
        """(chosen,) which rows share entity and clocks with rows of another value; None: none does.

        Where `counting`, a value is as good as another.
        """
        of = self.of.is_not_null() if counting else self.of
        tied = chosen.tied
        differ = of.gather(chosen.rows[tied]).ne_missing(of.gather(chosen.rows[tied + 1]))
        if not differ.any():
            return None
        begins = np.ones(chosen.rows.size, np.bool_)
        begins[tied + 1] = False
        together = np.cumsum(begins) - 1
        found = np.zeros(chosen.rows.size, np.bool_)
        found[together[tied[differ.to_numpy()]]] = True
        return np.asarray(found[together])

    def codes(self, asked: Asked) -> Ints:
        """(chosen,) a number for each value of the entities asked, the same for equal ones."""
        if self._codes is None:
            words, offsets = _words(self.of)[self.chosen.rows], self.chosen.offsets
            found = np.zeros_like(words)
            asked.each(lambda part: ranks.number(asked.group[part], offsets, words, found))
            self._codes = found
        return self._codes

    def ranks(self, asked: Asked) -> tuple[Ints, Floats]:
        """(chosen,) each value's place among those of its entity; these values, ascending."""
        if self._ranks is None:
            values, offsets = self.numbers, self.chosen.offsets
            found, ascending = np.zeros(values.size, np.int64), np.zeros(values.size)

            def work(part: slice) -> None:
                ranks.rank(asked.group[part], offsets, values, found, ascending)

            asked.each(work)
            self._ranks = found, ascending
        return self._ranks


class Sources:
    """The rows of a view's source for its window features."""

    def __init__(self, view: FeatureView, frame: pl.DataFrame, history: History) -> None:
        self.view, self.frame = view, frame
        self._all = Chosen.all(history)
        self._counted: dict[str | None, Chosen] = {None: self._all}
        self._aggregated: dict[tuple[str | None, str | None], Aggregated] = {}

    def aggregated(self, feature: Feature, name: str) -> Aggregated:
        """What the feature `name` aggregates.

        Raises
        ------
        DataError
            It is no finite number, for an aggregate of numbers; the condition is no yes or no.
        """
        key = feature.where, feature.of
        if key not in self._aggregated:
            of = pl.repeat(True, self.frame.height, eager=True)
            if feature.of:
                of = self._column(feature.of, name)
            _keep(self._aggregated, key, Aggregated(of, self._rows(feature.where, name)))
        found = self._aggregated[key]
        if feature.aggregate in _OF_NUMBERS:
            with self.view.places.at("features", name):
                found.require_numbers(f"{self._role} {name!r}")
        return found

    def undecided(self, name: str, rows: Ints) -> DuplicateKeyError:
        """The error for a feature that takes one of several rows, of which `rows` are some.

        It names the oldest, whatever the order in which the source was read.
        """
        event, keys = self.view.event_time or "", [*self.view.keys.values()]
        some = self.frame.select(event, *keys)[np.unique(rows)]
        row = some.sort(event, *keys).row(0, named=True)
        key = ", ".join(f"{column} {row[column]!r}" for column in keys)
        return DuplicateKeyError(
            f"{self._role} {name!r} goes by the order of rows, and two rows for {key} at "
            f"{row[event]} differ in {self.view.feature(name).of!r}.",
            hint="keep one of them, or say by known_at or by ties: COLUMN which one is later.",
        )

    def _rows(self, where: str | None, name: str) -> Chosen:
        if where not in self._counted:
            found = self._column(where or "", name)
            if found.dtype != pl.Boolean:
                with self.view.places.at("features", name):
                    raise DataError(
                        f"{self._role} {name!r}: where {where!r} is {found.dtype}, not yes or no.",
                        hint="write a condition, such as amount > 0.",
                    )
            keep = found.fill_null(value=False).to_numpy()[self._all.rows]
            _keep(self._counted, where, self._all.only(keep))
        return self._counted[where]

    def _column(self, sql: str, name: str) -> pl.Series:
        """(source,) the value of `sql`; a NaN is a missing value, and -0.0 is 0.0."""
        with self.view.places.at("features", name):
            found = evaluate(self.frame, {name: sql}, role=self._role)[name]
        return found.fill_nan(None).set(found == 0.0, 0.0) if found.dtype.is_float() else found

    @property
    def _role(self) -> str:
        return f"View {self.view.view!r} ({self.view.source}): feature"


def _words(of: pl.Series) -> Ints:
    """(source,) 64 bits of each value, the same for equal ones only."""
    if of.dtype.is_float():
        bits = of.cast(pl.Float64).fill_null(0.0).to_numpy().view(np.int64)
    elif of.dtype == pl.UInt64:
        bits = of.fill_null(0).to_numpy().view(np.int64)
    elif of.dtype.is_integer() and of.dtype not in (pl.Int128, pl.UInt128):
        bits = of.cast(pl.Int64).fill_null(0).to_numpy()
    else:
        numbered = of.rename("of").to_frame().with_row_index("row")
        first = numbered.select(pl.col("row").min().over("of").cast(pl.Int64))
        bits = first.to_series().to_numpy()
    return bits


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """Keep it for later, and forget the oldest of too many, but never the first."""
    kept[key] = value
    if len(kept) > _KEPT:
        del kept[list(kept)[1]]
