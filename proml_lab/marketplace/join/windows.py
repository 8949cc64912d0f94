"""Window features: aggregates of what was known of an entity, over the time before each cutoff."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DataError
from proml_lab.expression import evaluate
from proml_lab.kernels import asof
from proml_lab.kernels import windows as kernel
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.join.history import History, Labels, microseconds
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.view import FeatureView

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Windows:
    """Aggregates over one history for one set of labels; what features share is made once.

    The window of a feature is ``(cutoff - window, cutoff]`` in event time, of rows known by then.
    """

    def __init__(
        self, view: FeatureView, frame: pl.DataFrame, history: History, labels: Labels
    ) -> None:
        self.view, self.frame, self.history, self.labels = view, frame, history, labels
        self._by_known = _order_known(history)
        ready = np.maximum(history.event, history.known)[self._by_known]
        self._begin = np.where(labels.group < 0, 0, history.offsets[labels.group])
        self._stop = self._positions(history.event)
        self._settled = np.minimum(
            self._positions(kernel.newest(history.known, history.offsets)), self._stop
        )
        self._reached = self._positions(ready)
        self._windows: dict[int, kernel.Window] = {}
        self._used: dict[tuple[str | None, str | None, bool], tuple[Floats, Flags]] = {}

    def aggregate(self, name: str) -> pl.Series:
        """(n,) the window feature `name`: null for a label without an entity.

        A window without a value counts 0 and has no sum, mean, minimum, maximum; the standard
        deviation (divided by n - 1) needs two values.

        Raises
        ------
        DataError
            What is aggregated is not a finite number, or the condition not a yes or no.
        """
        feature = self.view.feature(name)
        values, used = self._values(feature, name)
        match feature.aggregate:
            case "min":
                least = self._minima(feature, values, used)
                return _masked(name, least, np.isinf(least))
            case "max":
                least = self._minima(feature, -values, used)
                return _masked(name, -least, np.isinf(least))
            case "std":
                return _masked(name, *self._spread(feature, values, used))
        n, total = self._totals(feature, values, used)
        match feature.aggregate:
            case "count":
                return _masked(name, n, self.labels.group < 0)
            case "mean":
                return _masked(name, total / np.maximum(n, 1), n == 0)
        return _masked(name, total, n == 0)

    def _totals(self, feature: Feature, values: Floats, used: Flags) -> tuple[Ints, Floats]:
        offsets, order = self.history.offsets, self._by_known
        return kernel.totals(
            self._window(feature),
            self.labels.cutoff,
            self.history.known,
            values,
            used,
            kernel.running(values, used, offsets),
            kernel.running(values[order], used[order], offsets),
        )

    def _spread(self, feature: Feature, values: Floats, used: Flags) -> tuple[Floats, Flags]:
        centred = kernel.centred(values, used, self.history.offsets)
        n, total = self._totals(feature, centred, used)
        squares = self._totals(feature, centred * centred, used)[1]
        few = n < 2
        divisor = np.where(few, 1, n * (n - 1))
        return np.sqrt(np.maximum(n * squares - total * total, 0.0) / divisor), few

    def _minima(self, feature: Feature, values: Floats, used: Flags) -> Floats:
        return kernel.minima(
            self._window(feature),
            self.labels.cutoff,
            self.history.known,
            values,
            used,
            kernel.block_minima(values, used),
        )

    def _window(self, feature: Feature) -> kernel.Window:
        length = microseconds(feature.window) if feature.window else 0
        if length not in self._windows:
            start = self._positions(self.history.event, back=length)
            self._windows[length] = kernel.Window(
                self._begin, start, self._stop, self._settled, self._reached
            )
        return self._windows[length]

    def _positions(self, times: Ints, *, back: int = 0) -> Ints:
        """Where each label's rows with ``time <= cutoff - back`` end."""
        limit = self.labels.cutoff - back
        return asof.positions(self.labels.group, limit, self.history.offsets, times)

    def _values(self, feature: Feature, name: str) -> tuple[Floats, Flags]:
        """(m,) what is aggregated, 0 where it is not used, and which rows are used."""
        counting = feature.aggregate == "count"
        key = feature.of, feature.where, counting
        if key not in self._used:
            used = pl.repeat(True, self.frame.height, eager=True)
            values = pl.repeat(0.0, self.frame.height, eager=True)
            if feature.where:
                used = self._condition(feature.where, name)
            if feature.of:
                of = self._column(feature.of, name)
                used &= of.is_not_null()
                values = values if counting else self._numbers(of, name)
            rows = self.history.rows
            self._used[key] = values.to_numpy()[rows], used.to_numpy()[rows]
        return self._used[key]

    def _condition(self, sql: str, name: str) -> pl.Series:
        found = self._column(sql, name)
        if found.dtype != pl.Boolean:
            raise DataError(
                f"{self._role} {name!r}: where {sql!r} is {found.dtype}, not yes or no."
            )
        return found.fill_null(value=False)

    def _numbers(self, of: pl.Series, name: str) -> pl.Series:
        if not (of.dtype.is_numeric() or of.dtype == pl.Boolean):
            raise DataError(
                f"{self._role} {name!r} aggregates {of.dtype}, not numbers.",
                hint="aggregate a number or a condition; text and times can be counted.",
            )
        numbers = of.cast(pl.Float64)
        if numbers.is_infinite().any():
            raise DataError(
                f"{self._role} {name!r} aggregates infinite values.",
                hint="leave them out with a 'where' condition.",
            )
        return numbers.fill_null(0.0)

    def _column(self, sql: str, name: str) -> pl.Series:
        """(rows of the source,) the value of `sql`; a NaN is a missing value."""
        found = evaluate(self.frame, {name: sql}, role=self._role)[name]
        return found.fill_nan(None) if found.dtype.is_float() else found

    @property
    def _role(self) -> str:
        return f"View {self.view.view!r} ({self.view.source}): feature"


def _order_known(history: History) -> Ints:
    """(m,) positions of the rows of each entity in the order in which they became known."""
    ready = np.maximum(history.event, history.known)
    entity = np.repeat(np.arange(history.offsets.size - 1), np.diff(history.offsets))
    if np.all((ready[1:] >= ready[:-1]) | (entity[1:] != entity[:-1])):
        return np.arange(ready.size)
    return np.lexsort((ready, entity))


def _masked(name: str, values: Ints | Floats, empty: Flags) -> pl.Series:
    return pl.Series(name, values).set(pl.Series(empty), None)
