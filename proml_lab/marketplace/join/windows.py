"""Window features: aggregates of what was known of an entity, over the time before each cutoff."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.duration import ALL
from proml_lab.kernels import windows as kernel
from proml_lab.kernels.least import least
from proml_lab.kernels.ranks import distinct, quantiles
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.join.aggregated import Aggregated, Sources
from proml_lab.marketplace.join.history import History, Labels, microseconds
from proml_lab.marketplace.join.sliding import Asked, Chosen
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.view import FeatureView

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Found = Ints | Floats
F = TypeVar("F", Ints, Floats)


class Windows:
    """Aggregates over one history for one set of labels; what features share is made once.

    The window of a feature is ``(cutoff - window, cutoff]`` in event time, of rows known by the
    cutoff; with a slide, the cutoff is the last whole multiple of it.
    """

    def __init__(
        self, view: FeatureView, frame: pl.DataFrame, history: History, labels: Labels
    ) -> None:
        self.view = view
        self._asked = Asked(labels, history.offsets)
        self._sources = Sources(view, frame, history)

    def aggregate(self, name: str) -> pl.Series:
        """(n,) the window feature `name`: null for a label without an entity.

        A window without a value counts 0 and is otherwise null; the standard deviation (divided
        by n - 1) needs two values.

        Raises
        ------
        DataError
            What is aggregated is not a finite number, or the condition not a yes or no.
        DuplicateKeyError
            The order of rows with the same clocks would decide the value of a label.
        """
        feature = self.view.feature(name)
        used = self._sources.aggregated(feature, name)
        window = self._window(name, used)
        if feature.aggregate in ("first", "last"):
            return used.of.gather(self._rows(name, used, window)).alias(name)
        found, empty = self._numbers(feature, used, window)
        return self._spread(found, empty).alias(name)

    def _window(self, name: str, used: Aggregated) -> kernel.Window:
        """The windows of the labels, over the rows that are `used`."""
        feature = self.view.feature(name)
        slide = microseconds(feature.slide) if feature.slide else 0
        length = microseconds(feature.window) if feature.window != ALL and feature.window else None
        if feature.limit is None:
            return used.chosen.window(self._asked, length=length, slide=slide)
        counted = used.counted.window(self._asked, length=length, slide=slide)
        rows, limit = used.counted.kernel, feature.limit
        start = self._each(counted, lambda window: kernel.limited(window, rows, limit))
        tied = used.undecided(used.counted, counting=feature.aggregate == "count")
        if tied is not None:
            split = np.intersect1d(start - 1, used.counted.tied)
            self._require_decided(name, used.counted, split[tied[split]])
        window = used.chosen.window(self._asked, length=None, slide=slide)
        return window._replace(start=used.before[start])

    def _numbers(
        self, feature: Feature, used: Aggregated, window: kernel.Window
    ) -> tuple[Found, Flags]:
        """(n,) values in the order of the asked labels, and where there is none."""
        rows = used.chosen.kernel
        match feature.aggregate:
            case "min" | "max":
                sign = 1.0 if feature.aggregate == "min" else -1.0
                values = used.numbers * sign
                found = self._each(window, lambda part: least(part, rows, values))
                return sign * found, np.isinf(found)
            case "std":
                found = self._each(window, lambda part: kernel.spreads(part, rows, used.numbers))
                return found, np.isnan(found)
            case "quantile":
                q, (ranks, ascending) = feature.q or 0.0, used.ranks(self._asked)
                found = self._each(window, lambda part: quantiles(part, rows, ranks, ascending, q))
                return found, np.isnan(found)
            case "distinct":
                numbers = used.codes(self._asked)
                different = self._each(window, lambda part: distinct(part, rows, numbers))
                return different, np.zeros(different.size, np.bool_)
        n = self._each(window, lambda part: kernel.counts(part, rows))
        if feature.aggregate == "count":
            return n, np.zeros(n.size, np.bool_)
        total = self._each(window, lambda part: kernel.totals(part, rows, used.numbers))
        if feature.aggregate == "mean":
            total = total / np.maximum(n, 1)
        return total, n == 0

    def _rows(self, name: str, used: Aggregated, window: kernel.Window) -> pl.Series:
        """(labels,) number of the source row that is the first or last of each window."""
        rows = used.chosen.kernel
        if self.view.feature(name).aggregate == "last":
            found = self._each(window, lambda part: kernel.newest(part, rows))
        else:
            places = np.arange(used.chosen.rows.size, dtype=np.float64)
            oldest = self._each(window, lambda part: least(part, rows, places))
            found = np.where(np.isinf(oldest), -1, oldest).astype(np.int64)
        tied = used.undecided(used.chosen)
        if tied is not None:
            seen = found[found >= 0]
            self._require_decided(name, used.chosen, seen[tied[seen]])
        return self._spread(np.append(used.chosen.rows, 0)[found], found < 0)

    def _require_decided(self, name: str, chosen: Chosen, places: Ints) -> None:
        if places.size:
            raise self._sources.undecided(name, chosen.rows[places])

    def _each(self, window: kernel.Window, work: Callable[[kernel.Window], F]) -> F:
        """The results of a kernel for all labels, which it may work out at once."""

        def one(part: slice) -> F:
            return work(kernel.Window(*(column[part] for column in window)))

        return np.concatenate(self._asked.each(one))

    def _spread(self, values: Found, empty: Flags) -> pl.Series:
        """(labels,) `values` (n,) in the order of the spine; null where `empty`, or not asked."""
        order, n_labels = self._asked.order, self._asked.n_labels
        found = np.zeros(n_labels, values.dtype)
        missing = np.ones(n_labels, np.bool_)
        found[order], missing[order] = values, empty
        return pl.Series(found).set(pl.Series(missing), None)
