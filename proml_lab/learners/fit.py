"""From a spec and a dataset to a model: check, split, transform, learn from training rows."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
import polars as pl

from proml_lab.calibration import Calibration, calibrate
from proml_lab.contracts import Dataset, Floats, Json, Learner, Predictor, Progress, Stopped
from proml_lab.errors import ColumnMissingError, DataError, SpecError, UsageError, choose
from proml_lab.expression import columns, evaluate
from proml_lab.folds import Fold
from proml_lab.label import label_values, quantile_of, require_variety, row_values
from proml_lab.leak import leaks
from proml_lab.learners import registry
from proml_lab.learners.columns import caveats
from proml_lab.learners.encode import label_of, offset_of, weights_of
from proml_lab.learners.memory import require_room
from proml_lab.learners.roles import with_roles
from proml_lab.model import Model, as_inputs, input_type, learnt_from, training_fingerprint
from proml_lab.spec import ModelSpec
from proml_lab.split import newest, split
from proml_lab.words import counted

CALIBRATED = 0.2
"""Share of the training rows, the newest, that a calibration is fitted to."""


def fit(
    spec: ModelSpec,
    data: object,
    *,
    fold: Fold | None = None,
    progress: Progress | None = None,
) -> Model:
    """Fit the learner of `spec` to the training rows of `data`.

    The model's features are those of the dataset, then the transforms of `spec`, then what else
    the learner reads, such as the entities of random effects. Dates and times that a transform
    reads are inputs of the model, not features. The test rows are kept in `Model.test` as they
    came, before transforms. A fit that was interrupted, and has something to show, gives a model
    whose `stopped` says how far it came.

    Parameters
    ----------
    spec
        What to fit; the learner and its options are checked before anything is computed.
    data
        Rows with the label: a Dataset, of which `features` and `cutoff` are used, or a Polars,
        pandas or Arrow table, whose columns get the roles that `spec` names.
    fold
        Which rows to learn from and which to hold out, instead of the spec's split.
    progress
        Called with the part done and a few words; may raise KeyboardInterrupt.

    Raises
    ------
    UnknownNameError
        There is no such learner.
    SpecError
        Wrong options, a task that the learner does not do, or a transform named like a feature.
    UsageError
        `spec` or `data` is something else.
    ColumnMissingError
        The label, weight or offset, or a column that a transform or the learner reads, is not in
        the dataset.
    DataError
        A label that does not fit the task or does not vary, a weight or offset that is no number,
        an empty split, a feature of a type that the learner does not read, or more rows and
        features than the memory holds.

    What is only dubious about the training rows is told by `Model.warnings`.
    """
    start = time.perf_counter()
    _require_spec(spec)
    dataset = with_roles(data, spec)
    with spec.places.at("learner"):
        learner = registry.get(spec.learner.name)
        options = learner.check(spec.learner.options)
    with spec.places.at("label"):
        _require_task(learner, spec)
        label_values(dataset.frame, spec.label.column, spec.label.task)
        for role, column in _counting(spec).items():
            row_values(dataset.frame, column, role)
    with spec.places.at("learner"):
        read = _read(learner, options, dataset)
    inputs = _inputs(spec, dataset, read)
    with spec.places.at("split"):
        if fold is not None:
            train, test = dataset.take(fold.train), dataset.take(fold.test)
        else:
            train, test = split(dataset, spec.split, seed=spec.seed, label=spec.label.column)
    width = len(dict.fromkeys([*train.features, *spec.transforms, *read]))
    require_room(learner, len(train), width)
    ready, features = _ready(spec, train, inputs, read)
    warnings = caveats(ready, spec.label.task, apart=learner.reads(options))
    learnt, aside = _aside(ready, spec)
    predictor, stopped = _learnt(learner, learnt, spec, options, progress)
    return Model(
        spec=spec,
        predictor=predictor,
        inputs=inputs,
        features=features,
        data=training_fingerprint(train.frame, learnt_from(spec, inputs)),
        n_rows=len(train),
        origins=dataset.origins,
        fit_s=time.perf_counter() - start,
        test=test,
        baseline=_usual(ready),
        period=train.period,
        leaks=leaks(train, test, spec.split) if fold is None else (),
        stopped=stopped,
        calibration=_calibration(predictor, aside, spec) if aside is not None else None,
        warnings=warnings,
    )


def _aside(ready: Dataset, spec: ModelSpec) -> tuple[Dataset, Dataset | None]:
    """(rows to learn from, rows to calibrate on): the newest are for the latter, if any are."""
    if spec.calibrate is None:
        return ready, None
    chosen = newest(ready, CALIBRATED, seed=spec.seed)
    learnt, aside = ready.take(~chosen), ready.take(chosen)
    for part, what in ((learnt, "learn from"), (aside, "calibrate on")):
        y = part.frame[str(ready.label)].to_numpy()
        if len(set((y[weights_of(part) > 0]).tolist())) < 2:
            raise DataError(
                f"Of {counted(len(ready), 'training row')}, the {counted(len(part), 'row')} to "
                f"{what} have one class only.",
                hint="leave out calibrate, or give it more rows.",
            )
    return learnt, aside


def _calibration(predictor: Predictor, aside: Dataset, spec: ModelSpec) -> Calibration:
    raw = predictor.raw(aside.frame) + offset_of(aside)
    return calibrate(spec.calibrate or "platt", raw, label_of(aside), weights_of(aside))


def _learnt(
    learner: Learner,
    ready: Dataset,
    spec: ModelSpec,
    options: Mapping[str, Json],
    progress: Progress | None,
) -> tuple[Predictor, str]:
    """(what was learnt, how far an interrupted fit came; empty where it was not)."""
    try:
        predictor = learner.fit(
            ready, task=spec.label.task, options=options, seed=spec.seed, progress=progress
        )
    except Stopped as stopped:
        return stopped.predictor, stopped.words
    return predictor, ""


def _usual(ready: Dataset) -> float:
    """The mean of the training label, or its quantile, weighted where rows have weights."""
    values: Floats = ready.frame[str(ready.label)].to_numpy()
    if ready.quantile is not None:
        return quantile_of(values, weights_of(ready), ready.quantile)
    if ready.weight is None:
        return math.fsum(values) / len(values)
    weights = ready.frame[ready.weight].to_numpy()
    return math.fsum(values * weights) / math.fsum(weights)


def _counting(spec: ModelSpec) -> dict[str, str]:
    """The columns of weight and offset that `spec` names, by these words."""
    named = {"weight": spec.label.weight, "offset": spec.label.offset}
    return {role: column for role, column in named.items() if column is not None}


def _read(learner: Learner, options: Mapping[str, Json], dataset: Dataset) -> tuple[str, ...]:
    """What the learner reads beside the features, checked to be there."""
    read = learner.reads(options)
    for column in read:
        if column not in dataset.frame.columns:
            raise ColumnMissingError(
                f"Learner {learner.name!r} reads the column {column!r}, which is not in the data.",
                hint=choose(column, dataset.frame.columns),
            )
    return tuple(name for name in read if name not in dataset.features)


def _require_spec(spec: ModelSpec) -> None:
    if not isinstance(spec, ModelSpec):
        raise UsageError(
            f"A model is fitted from a spec, found {type(spec).__name__}.",
            hint="read one: ModelSpec.read(path).",
        )


def _require_task(learner: Learner, spec: ModelSpec) -> None:
    task = spec.label.task
    if task not in learner.tasks:
        raise SpecError(
            f"label.task: learner {spec.learner.name!r} does not do task {task!r}.",
            hint=f"it does {', '.join(learner.tasks)}.",
        )


def _inputs(spec: ModelSpec, dataset: Dataset, read: tuple[str, ...]) -> dict[str, pl.DataType]:
    """Column to type of what the model reads.

    Those are the features, what transforms and the learner read, and the offset.
    """
    label = spec.label.column
    kept = list(dataset.features)
    made: set[str] = set()
    roles = {name: f"the feature {name!r}" for name in dataset.features}
    roles |= {column: f"the {role}" for role, column in _counting(spec).items()}
    roles |= {label: "the label", **dict.fromkeys([*dataset.entities, *read], "an entity")}
    if dataset.cutoff:
        roles[dataset.cutoff] = "the cutoff"
    for name, sql in spec.transforms.items():
        if name in roles:
            with spec.places.at("transforms", name):
                raise SpecError(
                    f"Transform {name!r} would replace {roles[name]}.", hint="give it another name."
                )
        kept += [column for column in columns(sql) if column not in made]
        made.add(name)
    kept += [*read, *([spec.label.offset] if spec.label.offset else [])]
    if label in kept:
        raise DataError(
            f"The label {label!r} is used as a feature: the model would read the answer.",
            hint="leave it out of the features and transforms.",
        )
    if not set(kept) <= set(dataset.frame.columns):  # then a transform reads what is not there
        _transformed(dataset.frame.head(0), spec)
    return {name: input_type(dataset.frame[name]) for name in dict.fromkeys(kept)}


def _ready(
    spec: ModelSpec, train: Dataset, inputs: Mapping[str, pl.DataType], also: tuple[str, ...]
) -> tuple[Dataset, tuple[str, ...]]:
    """(what the learner sees, its features): transformed, the label as numbers."""
    label, task = spec.label.column, spec.label.task
    frame = _transformed(as_inputs(train.frame, inputs), spec)
    read = {column for sql in spec.transforms.values() for column in columns(sql)}
    features = tuple(
        name
        for name in dict.fromkeys([*train.features, *spec.transforms, *also])
        if not (name in read and _is_moment(frame.schema[name]))
    )
    if not features or not inputs:
        raise DataError(
            f"Model {spec.name!r} has no features.",
            hint="name some under features or transforms.",
        )
    y = label_values(train.frame, label, task)
    counting = {
        role: pl.Series(f"({role})", row_values(train.frame, column, role))
        for role, column in _counting(spec).items()
    }
    counts = counting["weight"].to_numpy() > 0 if "weight" in counting else np.full(len(y), True)
    require_variety(y[counts], label, task)
    roles = [name for name in (*train.entities, train.cutoff) if name and name not in features]
    frame = frame.select(
        *features,
        *(train.frame[name] for name in dict.fromkeys(roles)),
        *counting.values(),
        pl.Series(label, y),
    )
    dataset = Dataset(
        frame,
        label=label,
        entities=train.entities,
        cutoff=train.cutoff,
        features=features,
        origins=train.origins,
        weight="(weight)" if spec.label.weight else None,
        offset="(offset)" if spec.label.offset else None,
        quantile=spec.label.quantile,
    )
    return dataset, features


def _transformed(frame: pl.DataFrame, spec: ModelSpec) -> pl.DataFrame:
    for name, sql in spec.transforms.items():
        with spec.places.at("transforms", name):
            frame = evaluate(frame, {name: sql}, role="transform")
    return frame


def _is_moment(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Date | pl.Datetime | pl.Time)
