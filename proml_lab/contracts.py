"""What the layers hand each other: Dataset, Contributions, and the Learner and Report protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import ColumnMissingError, UsageError, choose
from proml_lab.fingerprint import fingerprint
from proml_lab.table import as_table
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

Task = Literal["binary", "regression", "count", "quantile", "multiclass"]
METRIC_TASKS: dict[str, tuple[Task, ...]] = {
    "auc": ("binary",),
    "pr_auc": ("binary",),
    "log_loss": ("binary",),
    "brier": ("binary",),
    "rmse": ("regression", "count"),
    "mae": ("regression", "count"),
    "r2": ("regression", "count"),
    "poisson_deviance": ("count",),
    "pinball": ("quantile",),
    "coverage_gap": ("quantile",),
    "calibration": ("binary", "regression", "count"),
}
"""The metrics that a spec may name, and the tasks that each fits; `evaluate` computes them."""
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Floats = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
"""Called with the part done, 0 to 1, and a few words; may raise KeyboardInterrupt."""


@dataclass(frozen=True)
class Origin:
    """Where some columns of a Dataset came from.

    `view` is the feature view (``spine`` for the labels), `source` the file as written in it,
    `fingerprint` the content of the source, `query` what was asked of it, `types` the source's
    columns with their Polars types, `until` the greatest cutoff it was joined at, ISO 8601 in UTC;
    None if it was joined without time. `version` and `meaning` are those of the view, `features`
    says which of its features each column is. `n_seen` rows of the source were known by `until`,
    with the fingerprint `seen` of the columns that were read; None and empty for derived views.
    """

    view: str
    source: str
    fingerprint: str
    n_rows: int
    columns: tuple[str, ...]
    query: str = ""
    types: Mapping[str, str] = field(default_factory=dict, hash=False)
    until: str | None = None
    version: int | None = None
    meaning: str = ""
    features: Mapping[str, str] = field(default_factory=dict, hash=False)
    n_seen: int | None = None
    seen: str = ""


class Rejoins(Protocol):
    """What can join a dataset again: a workspace, or the views that it was joined from."""

    def rebuild(self, dataset: Dataset) -> Dataset:
        """The same rows with their features joined again, or an error that says why not."""
        ...


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training frame with its schema, roles and fingerprint.

    Attributes
    ----------
    frame
        (n, p), one row per label, in the spine's order. A pandas or Arrow table is made one.
    label
        Column to predict, or None.
    entities
        Key columns that the features were joined on.
    cutoff
        Column (UTC) of the moment up to which features were known, or None.
    features
        Columns that a model may use, in order.
    weight
        Column with how much each row counts, or None: each counts once.
    offset
        Column that is added to the score of each row on the link scale, or None.
    quantile
        For task quantile: which one is learnt, between 0 and 1; else None.
    origins
        One `Origin` for each source that was joined.
    joined_by
        What joins it again, or None: it is not kept in files.
    personal
        Those of its features that are personal: their views say so.
    """

    frame: pl.DataFrame
    label: str | None = None
    entities: tuple[str, ...] = ()
    cutoff: str | None = None
    features: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    joined_by: Rejoins | None = field(default=None, repr=False)
    personal: tuple[str, ...] = ()
    weight: str | None = None
    offset: str | None = None
    quantile: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", as_table(self.frame))
        roles = [*self.entities, *self.features]
        roles += [n for n in (self.label, self.cutoff, self.weight, self.offset) if n]
        for name in roles:
            if name not in self.frame.columns:
                raise ColumnMissingError(
                    f"The dataset has no column {name!r}.", hint=choose(name, self.frame.columns)
                )

    def __len__(self) -> int:
        return self.frame.height

    def __repr__(self) -> str:
        n, p = self.frame.shape
        size = f"{counted(n, 'row')}, {counted(p, 'column')}"
        label = f", label {self.label!r}" if self.label else ""
        return f"<Dataset: {size}{label}>"

    @cached_property
    def fingerprint(self) -> str:
        """128-bit hex digest of the content; rows in another order give the same."""
        return fingerprint(self.frame)

    @cached_property
    def schema(self) -> pl.DataFrame:
        """One row per column: ``column``, ``type``, ``role``, ``nulls``, ``source``."""
        source = {column: o.view for o in self.origins for column in o.columns}
        rows = [
            (name, str(kind), self._role(name), self.frame[name].null_count(), source.get(name))
            for name, kind in self.frame.schema.items()
        ]
        names = {"column": pl.String, "type": pl.String, "role": pl.String}
        return pl.DataFrame(
            rows, schema={**names, "nulls": pl.Int64, "source": pl.String}, orient="row"
        )

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """First and last cutoff, in UTC; None without a cutoff that is a date or moment."""
        if self.cutoff is None or self.frame.schema[self.cutoff] not in (pl.Date, pl.Datetime):
            return None
        moments = self.frame[self.cutoff].cast(pl.Datetime("us")).drop_nulls()
        first, last = moments.min(), moments.max()
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            return None
        return first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)

    def rebuild(self, workspace: Rejoins | None = None) -> Dataset:
        """The same rows with their features joined again, from what the sources hold now.

        The values are those of then, also if sources have grown: rows that became known after the
        greatest cutoff do not enter.

        Parameters
        ----------
        workspace
            Where the views are; by default those that it was joined from. A dataset that was read
            from a file needs it.

        Raises
        ------
        UsageError
            No workspace is given or needed, or the dataset does not say how it was joined.
        DataError
            Rows that were known by then have changed, vanished or come to a source, or a view
            means something else now: the message says which.
        """
        rejoins = workspace or self.joined_by
        if rejoins is None:
            raise UsageError(
                "The dataset does not know its workspace.",
                hint="give it: dataset.rebuild(open_workspace()).",
            )
        return rejoins.rebuild(self)

    def take(self, rows: pl.Series | pl.Expr | npt.NDArray[np.int64]) -> Self:
        """The same dataset with some rows: a boolean mask or expression, or row numbers."""
        if isinstance(rows, pl.Expr) or (isinstance(rows, pl.Series) and rows.dtype == pl.Boolean):
            return replace(self, frame=self.frame.filter(rows))
        return replace(self, frame=self.frame[rows])

    def _role(self, name: str) -> str:
        if name == self.label:
            return "label"
        if name == self.cutoff:
            return "cutoff"
        if name in (self.weight, self.offset):
            return "weight" if name == self.weight else "offset"
        if name in self.features:
            return "entity, feature" if name in self.entities else "feature"
        return "entity" if name in self.entities else "kept"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.dataset(self)


@dataclass(frozen=True)
class Contributions:
    """Why each row has its raw score: ``base + values.sum(axis=1) == raw``.

    `base` is the expected raw score, `values` is (n, p) float64 on the raw scale (log-odds for
    a binary model), `features` are the p names, `frame` the (n, p) values that were explained.
    """

    base: float
    values: Floats = field(repr=False)
    features: tuple[str, ...]
    frame: pl.DataFrame = field(repr=False)


@dataclass(frozen=True)
class Caveat:
    """Something dubious that a fit met and did not stop at; see docs/learners.md#warnings.

    `code` is its kind, such as ``MW002``, `column` the feature, empty where it is about the rows,
    `words` what was seen, `hint` what may be done about it.
    """

    code: str
    column: str
    words: str
    hint: str = ""


class Predictor(Protocol):
    """A learner's own part of a model: what `Learner.fit` returns and `Learner.load` reads."""

    def raw(self, frame: pl.DataFrame) -> Floats:
        """(n,) scores on the link scale; `frame` has the model's features, already transformed."""
        ...

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        """(base, (n, p)): additive contributions on the link scale, one column a feature."""
        ...

    def summary(self) -> pl.DataFrame:
        """What was learnt, a row a coefficient or feature."""
        ...

    def save(self, folder: Path) -> None:
        """Write into the empty `folder`, in formats that need no unpickling."""
        ...


class Stopped(KeyboardInterrupt):
    """An interrupted fit that has something to show: `predictor`, and `words` on how far it came.

    `proml_lab.learners.fit` makes a model of it that says so.
    """

    def __init__(self, predictor: Predictor, words: str) -> None:
        super().__init__(words)
        self.predictor = predictor
        self.words = words


@runtime_checkable
class Learner(Protocol):
    """One family of models, found by the entry point group ``proml_lab.learners``."""

    name: str
    tasks: tuple[Task, ...]

    def check(self, options: Mapping[str, Json]) -> Mapping[str, Json]:
        """Options with their defaults filled in; raises SpecError for a wrong one."""
        ...

    def reads(self, options: Mapping[str, Json]) -> tuple[str, ...]:
        """Columns that it needs beside the features, such as the entity of a random effect.

        They become features of the model, after the others. `options` are those of `check`.
        """
        ...

    def fit(
        self,
        dataset: Dataset,
        *,
        task: Task,
        options: Mapping[str, Json],
        seed: int,
        progress: Progress | None = None,
    ) -> Predictor:
        """Learn from training rows only; same seed and data, same predictor, bit for bit.

        `dataset` has the label as numbers, and its `weight` and `offset` are columns of finite
        floats if there are any: the predictor's `raw` leaves the offset out, `Model.raw` adds it.

        Raises
        ------
        Stopped
            The fit was interrupted, and what was learnt so far is of use.
        """
        ...

    def load(self, folder: Path) -> Predictor:
        """Read what `Predictor.save` wrote."""
        ...


@runtime_checkable
class Report(Protocol):
    """A result that people look at: the data, the picture, and a static rich form."""

    def frame(self) -> pl.DataFrame: ...

    def figure(self) -> go.Figure: ...

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """``text/plain`` that says something and ``text/html`` without script."""
        ...
