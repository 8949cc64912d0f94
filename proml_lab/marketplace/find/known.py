"""What other parts know of features, for ranking and facets: usage, health, freshness, users."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import ColumnMissingError, DataError
from proml_lab.marketplace.find.index import Index, Scores

COLUMNS = {
    "usage": pl.Float64(), "health": pl.Float64(),
    "freshness": pl.String(), "used_by": pl.List(pl.String()), "age": pl.Float64(),
}  # fmt: skip
"""What may be known of a feature: how often it is used, how healthy it is (0 to 1), how fresh, in a
word, who uses it, and how many seconds ago its newest row became known."""
USED, ILL = 0.25, 0.4
"""What the most used feature gains, and the least healthy loses, as parts of its score."""


NOTHING = pl.DataFrame(schema={"view": pl.String, "feature": pl.String})
"""For `align`, where nothing is known of any."""


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the features of an index, in its order.

    `factor` (n,) is what their scores are multiplied by; `rows` has those of `COLUMNS` that are
    known of any.
    """

    factor: Scores = field(repr=False)
    rows: pl.DataFrame = field(repr=False)

    def values(self, facet: str) -> pl.Series | None:
        """What is counted for ``freshness`` or ``used_by``; None where it is not known."""
        return self.rows[facet] if facet in self.rows.columns else None

    def column(self, name: str, rows: npt.NDArray[np.int64]) -> pl.Series:
        """That of `COLUMNS`, of the features numbered `rows`; nulls where it is not known."""
        if name not in self.rows.columns:
            return pl.Series(name, [None] * len(rows), dtype=COLUMNS[name])
        return self.rows[name].gather(rows)


def align(known: pl.DataFrame, index: Index) -> Known:
    """`known`, a row a feature (``view``, ``feature`` and some of `COLUMNS`), to the index's order.

    Features without a row are taken as unused and healthy.

    Raises
    ------
    ColumnMissingError
        There is no ``view`` or ``feature``.
    DataError
        A column has another type, or a feature two rows.
    """
    for name in ("view", "feature"):
        if name not in known.columns:
            raise ColumnMissingError(
                f"What is known of features has no column {name!r}.",
                hint=f"it has {', '.join(known.columns)}; needed are view and feature.",
            )
    there = {name: kind for name, kind in COLUMNS.items() if name in known.columns}
    try:
        typed = known.select("view", "feature", *(pl.col(n).cast(k) for n, k in there.items()))
        mine = index.names.select("view", "feature")
        rows = mine.join(
            typed, on=["view", "feature"], how="left", validate="m:1", maintain_order="left"
        )
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"What is known of features cannot be used: {str(error).splitlines()[0]}.",
            hint="one row a feature; usage and health are numbers, freshness a text, used_by "
            "a list of texts.",
        ) from None
    factor = np.ones(len(index), np.float32)
    if "usage" in there:
        usage = np.log1p(np.maximum(rows["usage"].fill_null(0).to_numpy(), 0))
        factor *= (1 + USED * usage / max(usage.max(initial=0), 1e-9)).astype(np.float32)
    if "health" in there:
        health = rows["health"].fill_null(1).fill_nan(1).clip(0, 1).to_numpy()
        factor *= (1 - ILL * (1 - health)).astype(np.float32)
    return Known(factor, rows.select(*there))
