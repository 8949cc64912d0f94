"""A fitted model: what it reads, what it says, and how it is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from proml_lab.contracts import Contributions, Dataset, Floats, Origin, Predictor, Task
from proml_lab.errors import ColumnMissingError, DataError, choose
from proml_lab.expression import evaluate
from proml_lab.spec import ModelSpec

FORMAT = 1


@dataclass(frozen=True, eq=False)
class Model:
    """A spec, the schema of what it reads, and what its learner learnt from a dataset.

    Attributes
    ----------
    spec
        What was asked for.
    predictor
        The learner's own part.
    inputs
        Column to Polars type of what `predict` reads, before transforms.
    features
        What the learner sees, after transforms.
    data
        Fingerprint of the training rows; `n_rows` says how many.
    origins
        Where the training data came from.
    fit_s
        Seconds that fitting took.
    test
        Held-out rows, or None. Kept for comparison in memory, never saved.
    """

    spec: ModelSpec
    predictor: Predictor
    inputs: Mapping[str, pl.DataType]
    features: tuple[str, ...]
    data: str
    n_rows: int
    origins: tuple[Origin, ...] = ()
    fit_s: float = 0.0
    test: Dataset | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def task(self) -> Task:
        return self.spec.label.task

    @property
    def learner(self) -> str:
        return self.spec.learner.name

    def predict(self, frame: object) -> Floats:
        """(n,) the probability of the positive class (binary), else the expected value.

        `frame` is Polars, pandas, Arrow or a Dataset, with the columns of `inputs`.

        Raises
        ------
        ColumnMissingError
            A column of `inputs` is not in `frame`.
        DataError
            A column has a type that cannot be read as that of `inputs`.
        """
        raw = self.raw(frame)
        match self.task:
            case "binary":
                return np.asarray(np.exp(-np.logaddexp(0.0, -raw)))
            case "count":
                return np.asarray(np.exp(raw))
        return raw

    def raw(self, frame: object) -> Floats:
        """(n,) scores on the link scale: log-odds (binary), log (count), else the value."""
        return self.predictor.raw(self.prepare(frame))

    def contributions(self, frame: object) -> Contributions:
        """Additive contributions of every feature to `raw`, for each row of `frame`."""
        ready = self.prepare(frame)
        base, values = self.predictor.contributions(ready)
        return Contributions(base, values, self.features, ready.select(self.features))

    def summary(self) -> pl.DataFrame:
        """What was learnt, a row a coefficient or feature."""
        return self.predictor.summary()

    def prepare(self, frame: object) -> pl.DataFrame:
        """The (n, p) features that the learner sees: `inputs` checked and cast, then transforms."""
        given = as_frame(frame)
        missing = [name for name in self.inputs if name not in given.columns]
        if missing:
            raise ColumnMissingError(
                f"The frame to score lacks {len(missing)} of the {len(self.inputs)} columns that "
                f"model {self.name!r} reads: {', '.join(missing[:8])}.",
                hint=choose(missing[0], given.columns),
            )
        ready = given.select(_cast(given[name], kind) for name, kind in self.inputs.items())
        return evaluate(ready, dict(self.spec.transforms), role="transform").select(self.features)

    def save(self, folder: Path) -> None:
        """Write the model into `folder`, which is made; `proml_lab.learners.load` reads it."""
        folder.mkdir(parents=True)
        (folder / "spec.proml.yaml").write_text(self.spec.to_yaml(), encoding="utf-8")
        head = {
            "format": FORMAT,
            "learner": self.learner,
            "inputs": {name: str(kind) for name, kind in self.inputs.items()},
            "features": list(self.features),
            "data": self.data,
            "n_rows": self.n_rows,
            "origins": [asdict(origin) for origin in self.origins],
        }
        (folder / "model.json").write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")
        (folder / "predictor").mkdir()
        self.predictor.save(folder / "predictor")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.model(self)


def as_frame(data: object) -> pl.DataFrame:
    """Polars, pandas, Arrow or a Dataset as a Polars frame, without copying where possible."""
    if isinstance(data, Dataset):
        return data.frame
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    try:
        frame = pl.DataFrame(data)  # type: ignore[arg-type]
    except (TypeError, ValueError, PolarsError) as error:
        raise DataError(
            f"A {type(data).__name__} cannot be read as a table: {error}.",
            hint="pass a Polars, pandas or Arrow table.",
        ) from None
    return frame


def _cast(column: pl.Series, kind: pl.DataType) -> pl.Series:
    if column.dtype == kind:
        return column
    try:
        return column.cast(kind)
    except PolarsError:
        raise DataError(
            f"Column {column.name!r} is {column.dtype}, the model was fitted on {kind}.",
            hint=f"cast it: frame.with_columns(pl.col({column.name!r}).cast(pl.{kind})).",
        ) from None
