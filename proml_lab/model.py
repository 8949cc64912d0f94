"""A fitted model: what it reads, what it says, and how it is kept on disk."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from proml_lab.calibration import Calibration
from proml_lab.contracts import Caveat, Contributions, Dataset, Floats, Origin, Predictor, Task
from proml_lab.encoding import Encoding, described, unseen
from proml_lab.errors import ArtifactError, ColumnMissingError, DataError, listing, near
from proml_lab.expression import evaluate
from proml_lab.fingerprint import fingerprint
from proml_lab.label import row_values
from proml_lab.leak import Leak
from proml_lab.spec import ModelSpec
from proml_lab.table import as_table
from proml_lab.words import counted

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
        Seconds that fitting took; None for a model read from disk.
    test
        Held-out rows, or None. Kept for comparison in memory, never saved.
    baseline
        Mean (or quantile) of the training labels, or None: what a model that knows nothing
        predicts. In memory only, as `test`.
    period
        First and last cutoff of the training rows, in UTC; None where time plays no part, and for
        a model read from disk.
    leaks
        What was found to leak, or not, from its training rows to `test`. In memory only.
    calibration
        What makes its scores probabilities, or None: the logistic function alone.
    stopped
        How far a fit came that was interrupted, in words; empty where it was not.
    warnings
        What was dubious about the training rows, and did not stop the fit.
    """

    spec: ModelSpec
    predictor: Predictor
    inputs: Mapping[str, pl.DataType]
    features: tuple[str, ...]
    data: str
    n_rows: int
    origins: tuple[Origin, ...] = ()
    fit_s: float | None = None
    test: Dataset | None = None
    baseline: float | None = None
    period: tuple[datetime, datetime] | None = None
    leaks: tuple[Leak, ...] = ()
    stopped: str = ""
    calibration: Calibration | None = None
    warnings: tuple[Caveat, ...] = ()

    def __repr__(self) -> str:
        n, p = self.n_rows, len(self.features)
        rows, features = counted(n, "training row"), counted(p, "feature")
        stopped = f", {self.stopped}" if self.stopped else ""
        told = f", {counted(len(self.warnings), 'warning')}" if self.warnings else ""
        return (
            f"<Model {self.name}: {self.learner}, {self.task}, {features}, {rows}{stopped}{told}>"
        )

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
        """(n,) the probability of the positive class (binary), the quantile, or the expected value.

        `frame` is Polars, pandas, Arrow or a Dataset, with the columns of `inputs`.

        Raises
        ------
        ColumnMissingError
            A column of `inputs` is not in `frame`.
        DataError
            `frame` is no table, or a column has a type that cannot be read as that of `inputs`.
        """
        raw = self.raw(frame)
        if self.calibration is not None:
            return self.calibration.apply(raw)
        with np.errstate(over="ignore", invalid="ignore"):
            match self.task:
                case "binary":
                    return np.asarray(np.exp(-np.logaddexp(0.0, -raw)))
                case "count":
                    return np.asarray(np.exp(raw))
        return raw

    def raw(self, frame: object) -> Floats:
        """(n,) scores on the link scale: log-odds (binary), log (count), else the value.

        The offset is in it, where the spec names one.
        """
        given = self._given(frame)
        raw = self.predictor.raw(self._ready(given))
        return raw if self.spec.label.offset is None else raw + self._offset(given)

    def contributions(self, frame: object) -> Contributions:
        """Additive contributions of every feature to `raw`, for each row of `frame`.

        The offset, where the spec names one, is one more, the last.
        """
        given = self._given(frame)
        ready = self._ready(given)
        base, values = self.predictor.contributions(ready)
        if self.spec.label.offset is None:
            return Contributions(base, values, self.features, ready)
        name, offset = self.spec.label.offset, self._offset(given)
        return Contributions(
            base,
            np.column_stack([values, offset]),
            (*self.features, name),
            ready.with_columns(pl.Series(name, offset)),
        )

    def summary(self) -> pl.DataFrame:
        """What was learnt, a row a coefficient or feature."""
        return self.predictor.summary()

    def encoding(self) -> pl.DataFrame:
        """What is done to each feature: its type, levels, scale, what a missing value counts as.

        A row a feature, or entity, and part of the model; none where the learner does not say.
        """
        return described(self._encodings())

    def unseen(self, frame: object) -> pl.DataFrame:
        """How many rows of `frame` have a level that the model has no effect of its own for.

        It was not in the training rows, or was too rare there. A row a feature with levels:
        ``feature``, ``part``, ``rows``, ``share`` of them, ``levels``, ``example``.
        """
        return unseen(self._encodings(), self.prepare(frame))

    def _encodings(self) -> Sequence[Encoding]:
        said = getattr(self.predictor, "encodings", None)
        return said() if said else ()

    def trained_on(self, frame: pl.DataFrame) -> bool:
        """Whether the rows of `frame`, in any order, are the training rows: all and no others."""
        learnt = learnt_from(self.spec, self.inputs)
        if frame.height != self.n_rows or not set(learnt) <= set(frame.columns):
            return False
        return training_fingerprint(frame, learnt) == self.data

    def prepare(self, frame: object) -> pl.DataFrame:
        """The (n, p) features that the learner sees: `inputs` checked and cast, then transforms."""
        return self._ready(self._given(frame))

    def _ready(self, given: pl.DataFrame) -> pl.DataFrame:
        return evaluate(given, dict(self.spec.transforms), role="transform").select(self.features)

    def _offset(self, given: pl.DataFrame) -> Floats:
        return row_values(given, str(self.spec.label.offset), "offset")

    def _given(self, frame: object) -> pl.DataFrame:
        """`inputs`, checked and cast."""
        try:
            given = as_frame(frame)
        except DataError as error:
            raise error.saying(error.message, hint=self._needed()) from None
        if isinstance(frame, Sequence | np.ndarray) and not set(given.columns) & set(self.inputs):
            raise DataError(
                f"A table with named columns is needed, found {type(frame).__name__}.",
                hint=self._needed(),
            )
        missing = [name for name in self.inputs if name not in given.columns]
        if missing:
            raise ColumnMissingError(
                f"The frame to score lacks {len(missing)} of the {len(self.inputs)} columns that "
                f"model {self.name!r} reads: {', '.join(missing[:8])}.",
                hint=self._meant(missing, given.columns) or self._needed(),
            )
        return as_inputs(given, self.inputs)

    def _needed(self) -> str:
        columns = "column" if len(self.inputs) == 1 else "columns"
        return f"give a Polars, pandas or Arrow table with the {columns} {listing(self.inputs)}."

    def _meant(self, missing: Sequence[str], columns: Iterable[str]) -> str:
        """Which column of a frame is one that it lacks, named in another way; empty: none is."""
        others = [name for name in columns if name not in self.inputs]
        for name in missing:
            if found := near(name, others):
                return f"did you mean {' or '.join(map(repr, found))} to be {name!r}?"
        return ""

    def save(self, folder: Path) -> None:
        """Write the model into `folder`, which is made; `proml_lab.learners.load` reads it.

        The same model gives the same bytes. It is written beside and moved into place whole:
        see docs/formats.md.

        Raises
        ------
        ArtifactError
            `folder` is already there, or cannot be written.
        """
        if folder.exists():
            raise ArtifactError(f"{folder} is already there.", hint="give another folder.")
        beside = folder.with_name(folder.name + ".partial")
        try:
            shutil.rmtree(beside, ignore_errors=True)
            (beside / "predictor").mkdir(parents=True)
            self.predictor.save(beside / "predictor")
            text = self.spec.to_yaml()
            (beside / "spec.proml.yaml").write_text(text, encoding="utf-8", newline="\n")
            head = json.dumps(self._head(beside), indent=1) + "\n"
            (beside / "model.json").write_text(head, encoding="utf-8", newline="\n")
            beside.rename(folder)
        except OSError as error:
            reason = error.strerror or error
            raise ArtifactError(f"{folder} cannot be written: {reason}.") from None
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _head(self, folder: Path) -> dict[str, object]:
        return {
            "format": FORMAT,
            "learner": self.learner,
            "inputs": {name: str(kind) for name, kind in self.inputs.items()},
            "features": list(self.features),
            "data": self.data,
            "n_rows": self.n_rows,
            "origins": [asdict(origin) for origin in self.origins],
            **({"stopped": self.stopped} if self.stopped else {}),
            **({"calibration": self.calibration.to_json()} if self.calibration else {}),
            **({"warnings": [asdict(one) for one in self.warnings]} if self.warnings else {}),
            "files": _digests(folder),
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.model(self)


def learnt_from(spec: ModelSpec, inputs: Iterable[str]) -> tuple[str, ...]:
    """The columns that a model learns from: `inputs`, the label, and the weight if there is one."""
    label = spec.label
    return (*inputs, label.column, *([label.weight] if label.weight else []))


def training_fingerprint(frame: pl.DataFrame, columns: Iterable[str]) -> str:
    """Fingerprint of the rows that a model was fitted to: their `columns`, see `learnt_from`."""
    return fingerprint(frame.select(*dict.fromkeys(columns)))


def _digests(folder: Path) -> dict[str, str]:
    """Relative path to sha256 of every file below `folder`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def as_frame(data: object) -> pl.DataFrame:
    """A Dataset's frame, or Polars, pandas or Arrow as `as_table` reads them."""
    return data.frame if isinstance(data, Dataset) else as_table(data)


def input_type(column: pl.Series) -> pl.DataType:
    """The type in which a model reads `column`: text for categories, floats for decimals.

    Raises
    ------
    DataError
        A list, struct, binary or object column: no model and no transform reads one.
    """
    kind = column.dtype
    if isinstance(kind, pl.Categorical | pl.Enum):
        return pl.String()
    if isinstance(kind, pl.Decimal | pl.Null):
        return pl.Float64()
    if _family(kind) == str(kind):
        raise DataError(
            f"Column {column.name!r} is {kind}, which no model reads.",
            hint="models read numbers, text, true or false, dates and times.",
        )
    return kind


def as_inputs(frame: pl.DataFrame, inputs: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The columns `inputs` of `frame`, each in the type that the model reads.

    Raises
    ------
    DataError
        A column that is of another kind, or a number that would be rounded.
    """
    return frame.select(_cast(frame[name], kind) for name, kind in inputs.items())


def _cast(column: pl.Series, kind: pl.DataType) -> pl.Series:
    if column.dtype == kind or column.dtype == pl.Null:
        return column.cast(kind)
    was = _family(column.dtype)
    try:
        if was not in ("text", _family(kind)):
            raise TypeError
        cast = column.cast(kind)
    except (PolarsError, TypeError):
        raise DataError(
            f"Column {column.name!r} is {column.dtype}, the model was fitted on {kind}.",
            hint=f"cast it: frame.with_columns(pl.col({column.name!r}).cast(pl.{kind})).",
        ) from None
    if kind.is_integer() and column.dtype.is_float() and not (cast == column).all():
        raise DataError(
            f"Column {column.name!r} holds fractions, the model was fitted on whole numbers.",
            hint="check where the column comes from: rounding it would hide a difference.",
        )
    return cast


def _family(kind: pl.DataType) -> str:
    """Types that may stand for each other when a frame is scored."""
    if kind.is_numeric() or kind == pl.Boolean:
        return "number"
    if isinstance(kind, pl.String | pl.Categorical | pl.Enum):
        return "text"
    if isinstance(kind, pl.Date | pl.Datetime):
        return "moment"
    if isinstance(kind, pl.Duration | pl.Time):
        return type(kind).__name__.lower()
    return str(kind)
