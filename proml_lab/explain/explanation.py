"""The Report of why a model predicts what it predicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Contributions, Task
from proml_lab.errors import UsageError, unknown
from proml_lab.explain import words
from proml_lab.explain.importance import importance
from proml_lab.explain.shape import by_value, dependence, missing_pushes
from proml_lab.explain.swarm import swarm
from proml_lab.plots.cells import value_text
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

KINDS = ("bar", "beeswarm", "dependence", "waterfall")
SHARES = {"share": ".1%"}


@dataclass(frozen=True, eq=False)
class Explanation:
    """Contributions of every feature to the raw scores of some rows.

    Attributes
    ----------
    model, learner, label
        Names: whose predictions of what.
    task
        Says what the raw score is: log-odds (binary), log (count), else the value itself.
    contributions
        ``base + values.sum(axis=1)`` are the raw scores of the rows explained.
    rows
        (n,) their row numbers in the data given, ascending.
    n_all
        Rows of the data given, before sampling with `seed`.
    """

    model: str
    learner: str
    label: str
    task: Task
    contributions: Contributions = field(repr=False)
    rows: npt.NDArray[np.int64] = field(repr=False)
    n_all: int
    seed: int

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def importance(self) -> pl.DataFrame:
        """``feature``, ``importance``, ``low``, ``high``, ``share``, ``direction``."""
        return importance(self.contributions)

    @property
    def scale(self) -> str:
        """What contributions are measured in."""
        return words.scale_name(self.task, self.label)

    @property
    def sampled(self) -> str:
        """Which rows were explained, in words."""
        return words.sampled(len(self), self.n_all, self.seed)

    def frame(self) -> pl.DataFrame:
        """A row a feature, most important first; see `importance`."""
        return self.importance

    def row(self, i: int) -> pl.DataFrame:
        """Why row number `i` of the data has its score: the largest push first.

        Columns ``feature``, ``value`` (text), ``contribution`` and ``words``.

        Raises
        ------
        UsageError
            The row was not explained; the hint names the nearest that was.
        """
        at = self._position(i)
        values = self.contributions.frame.row(at)
        pushes = self.contributions.values[at]
        frame = pl.DataFrame(
            {
                "feature": list(self.contributions.features),
                "value": [value_text(value) for value in values],
                "contribution": pushes,
                "words": [
                    f"{words.in_words(name, value)} {words.pushes(push, self.task, self.label)}"
                    for name, value, push in zip(
                        self.contributions.features, values, pushes.tolist(), strict=True
                    )
                ],
            },
            schema_overrides={"value": pl.String, "words": pl.String},
        )
        return frame.sort(pl.col("contribution").abs(), descending=True, maintain_order=True)

    def dependence(self, feature: str | None = None) -> pl.DataFrame:
        """How one feature pushes at each of its values; the most important if None.

        Columns ``value`` (text: a category, a number or a stretch of numbers), ``n_rows``,
        ``contribution`` (mean), ``low`` and ``high`` (10th and 90th percentile).

        Raises
        ------
        UnknownNameError
            The model has no such feature.
        """
        return by_value(self.contributions, feature or str(self.importance["feature"][0]))

    def figure(
        self,
        kind: str = "bar",
        *,
        feature: str | None = None,
        row: int | None = None,
        top: int = 15,
    ) -> go.Figure:
        """A picture: ``bar``, ``beeswarm``, ``dependence`` or ``waterfall``.

        Parameters
        ----------
        kind
            bar: how far each feature moves predictions; beeswarm: which values push which way;
            dependence: one feature's push against its value; waterfall: one row's score.
        feature
            For dependence; the most important if None.
        row
            For waterfall: a row number of the data; the row with the highest score if None.
        top
            How many features are drawn; a waterfall sums up the rest.

        Raises
        ------
        UnknownNameError
            No such kind or feature.
        UsageError
            A row that was not explained, or `top` below one.
        """
        from proml_lab.plots import attribution

        if kind not in KINDS:
            raise unknown("kind of picture", kind, KINDS)
        if top < 1:
            raise UsageError(f"top is {top}.", hint="draw one feature at least.")
        if feature is not None and kind != "dependence":
            raise UsageError(f"A {kind} is of all features.", hint="use kind 'dependence' for one.")
        if row is not None and kind != "waterfall":
            raise UsageError(f"A {kind} is of all rows.", hint="use kind 'waterfall' for one.")
        leading = self.importance.head(top)
        match kind:
            case "bar":
                return attribution.bar(leading, scale=self.scale)
            case "beeswarm":
                dots = swarm(self.contributions, leading["feature"].to_list())
                return attribution.beeswarm(dots, scale=self.scale)
            case "dependence":
                name = feature if feature is not None else str(leading["feature"][0])
                points, trend = dependence(self.contributions, name)
                return attribution.dependence(
                    points,
                    feature=name,
                    scale=self.scale,
                    trend=trend,
                    note=words.without_value(missing_pushes(self.contributions, name)),
                )
        return self._waterfall(self.highest if row is None else row, top)

    @cached_property
    def highest(self) -> int:
        """Row number, in the data given, of the row with the highest score."""
        return int(self.rows[int(self.contributions.values.sum(axis=1).argmax())])

    def _waterfall(self, row: int, top: int) -> go.Figure:
        from proml_lab.plots import attribution

        found = self.row(row).select("feature", "value", "contribution")
        shown, rest = found.head(top), found.tail(max(0, found.height - top))
        if rest.height:
            others = {
                "feature": counted(rest.height, "other feature"),
                "value": None,
                "contribution": rest["contribution"].sum(),
            }
            shown = pl.concat([shown, pl.DataFrame([others], schema=shown.schema)])
        base = self.contributions.base
        total = base + float(found["contribution"].sum())
        chances = (words.chance(base), words.chance(total)) if self.task == "binary" else None
        return attribution.waterfall(
            shown,
            base,
            total,
            scale=self.scale,
            ends=("average score", f"row {row:,}"),
            chances=chances,
        )

    def _position(self, i: int) -> int:
        at = int(np.searchsorted(self.rows, i))
        if at < len(self.rows) and self.rows[at] == i:
            return at
        near = [int(self.rows[k]) for k in (at - 1, at) if 0 <= k < len(self.rows)]
        raise UsageError(
            f"Row {i} was not explained ({self.sampled}).",
            hint=f"the nearest are {' and '.join(map(str, near))}; "
            f"or say explain(model, also=[{i}]).",
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        title = f"Why {self.model} ({self.learner}) predicts what it predicts"
        said = words.lead(self.importance, self.task, self.label, self.contributions.base)
        about = f"Measured in {self.scale}; {self.sampled}."
        short = self.importance.select("feature", "importance", "share", "direction")
        plain = [title, said, about, html.text_table(short, max_rows=10, formats=SHARES)]
        bar = html.picture(
            self.figure("bar"),
            title="Importance of features",
            description="Longer bars move predictions further; whiskers are 95% intervals.",
            width=560,
        )
        swarm_ = html.picture(
            self.figure("beeswarm"),
            title="Contributions by value",
            description="Each dot is a few rows with similar contributions: right of the line "
            "pushes up, left pushes down.",
            width=560,
        )
        highest = html.picture(
            self.figure("waterfall", top=10),
            title="The row with the highest score",
            description="Orange bars, marked +, push up; blue bars, marked −, push down.",
            width=560,
        )
        return html.bundle(
            "\n".join(plain),
            html.heading(title),
            html.lead(said),
            html.note(about),
            html.row(bar, swarm_),
            html.details(f"The row with the highest score: row {self.highest:,}", highest),
            html.details("All features", html.table(self.importance, max_rows=200, formats=SHARES)),
        )
