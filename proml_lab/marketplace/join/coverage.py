"""What a join would give, seen on a sample of the rows that it is for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.contracts import Dataset
from proml_lab.marketplace.sensitivity import told
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

SAMPLE = 2_000
"""Rows of a spine that are joined to see what the others would be given."""


@dataclass(frozen=True, eq=False)
class CoverageReport:
    """For how many labels features have a value.

    `found` has one row a feature: ``view``, ``feature``, the share of labels ``covered``, and the
    rows of the ``source``, null for a derived view. `n_asked` of `n_rows` labels were joined, which
    took `seconds`. `notes` tell which features are personal.
    """

    found: pl.DataFrame = field(repr=False)
    n_asked: int
    n_rows: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What was found, in one line."""
        rows = f"{self.n_asked:,} of {counted(self.n_rows, 'row')}"
        full = int((self.found["covered"] == 1).sum())
        return (
            f"{counted(self.found.height, 'feature')} on {rows}: {full} with a value in each; "
            f"it took {self.seconds:.1f} s"
        )

    def frame(self) -> pl.DataFrame:
        """view, feature, covered, source_rows."""
        return self.found

    def figure(self) -> go.Figure:
        """For how many of the sampled labels each feature has a value."""
        from proml_lab.plots.bars import counts

        shown = self.found.select(
            name=pl.col("view") + "." + pl.col("feature"),
            n=(pl.col("covered") * self.n_asked).round().cast(pl.Int64),
        )
        return counts(shown, title="Labels with a value", what="Labels")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        formats = {"covered": ".1%", "source_rows": ",d"}
        found = html.text_table(self.found, max_rows=100, formats=formats)
        table = html.table(self.found, caption=self.title, max_rows=100, formats=formats)
        plain = "\n".join([self.title, found, *self.notes])
        return html.bundle(plain, table, *map(html.note, self.notes))


def sample(spine: pl.DataFrame, n: int = SAMPLE) -> pl.DataFrame:
    """Up to `n` rows of `spine`, evenly spread."""
    rows = np.linspace(0, spine.height - 1, min(n, spine.height)).astype(np.int64)
    return spine[np.unique(rows)]


def coverage(join: Callable[[], Dataset], *, n_rows: int) -> CoverageReport:
    """Look at what `join`, that of a sample out of `n_rows` labels, gives."""
    start = time.perf_counter()
    made = join()
    seconds = time.perf_counter() - start
    rows = [
        (
            origin.view,
            name,
            1 - made.frame[name].null_count() / len(made),
            None if origin.source == "other views" else origin.n_rows,
        )
        for origin in made.origins[1:]
        for name in origin.columns
    ]
    schema = {"view": pl.String, "feature": pl.String, "covered": pl.Float64}
    found = pl.DataFrame(rows, schema={**schema, "source_rows": pl.Int64}, orient="row")
    personal = [f"{view}.{name}" for view, name, *_ in rows if name in made.personal]
    return CoverageReport(found, len(made), n_rows, seconds, told(personal))
