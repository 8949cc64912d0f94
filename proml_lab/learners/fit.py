"""From a spec and a dataset to a model: check, split, transform, learn from training rows."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import polars as pl

from proml_lab.contracts import Dataset, Floats, Learner, Progress
from proml_lab.errors import DataError, SpecError, UsageError
from proml_lab.expression import columns, evaluate
from proml_lab.label import label_values, require_variety
from proml_lab.learners import registry
from proml_lab.model import Model, as_inputs, input_type, training_fingerprint
from proml_lab.spec import ModelSpec
from proml_lab.split import split


def fit(spec: ModelSpec, dataset: Dataset, *, progress: Progress | None = None) -> Model:
    """Fit the learner of `spec` to the training rows of `dataset`.

    The model's features are those of the dataset, then the transforms of `spec`. Dates and times
    that a transform reads are inputs of the model, not features. The test rows are kept in
    `Model.test` as they came, before transforms.

    Parameters
    ----------
    spec
        What to fit; the learner and its options are checked before anything is computed.
    dataset
        Rows with the label; its `features` and `cutoff` are used.
    progress
        Called with the part done and a few words; an interrupt raised in it ends the fit.

    Raises
    ------
    UnknownNameError
        There is no such learner.
    SpecError
        Wrong options, a task that the learner does not do, or a transform named like a feature.
    UsageError
        `spec` or `dataset` is something else.
    ColumnMissingError
        The label, or a column that a transform reads, is not in the dataset.
    DataError
        A label that does not fit the task or does not vary, an empty split, a feature of a type
        that the learner does not read.
    """
    start = time.perf_counter()
    _require_kinds(spec, dataset)
    with spec.places.at("learner"):
        learner = registry.get(spec.learner.name)
        options = learner.check(spec.learner.options)
    with spec.places.at("label"):
        _require_task(learner, spec)
        label_values(dataset.frame, spec.label.column, spec.label.task)
    inputs = _inputs(spec, dataset)
    with spec.places.at("split"):
        train, test = split(dataset, spec.split, seed=spec.seed)
    ready, features = _ready(spec, train, inputs)
    predictor = learner.fit(
        ready,
        task=spec.label.task,
        options=options,
        seed=spec.seed,
        progress=progress,
    )
    return Model(
        spec=spec,
        predictor=predictor,
        inputs=inputs,
        features=features,
        data=training_fingerprint(train.frame, inputs, spec.label.column),
        n_rows=len(train),
        origins=dataset.origins,
        fit_s=time.perf_counter() - start,
        test=test,
        baseline=_mean(label_values(train.frame, spec.label.column, spec.label.task)),
        period=train.period,
    )


def _mean(values: Floats) -> float:
    return math.fsum(values) / len(values)


def _require_kinds(spec: object, dataset: object) -> None:
    if not isinstance(spec, ModelSpec):
        raise UsageError(
            f"A model is fitted from a spec, found {type(spec).__name__}.",
            hint="read one: ModelSpec.read(path).",
        )
    if not isinstance(dataset, Dataset):
        raise UsageError(
            f"A model is fitted to a Dataset, found {type(dataset).__name__}.",
            hint="say which columns are what: Dataset(frame, label=…, cutoff=…, features=…).",
        )


def _require_task(learner: Learner, spec: ModelSpec) -> None:
    task = spec.label.task
    if task not in learner.tasks:
        raise SpecError(
            f"label.task: learner {spec.learner.name!r} does not do task {task!r}.",
            hint=f"it does {', '.join(learner.tasks)}.",
        )


def _inputs(spec: ModelSpec, dataset: Dataset) -> dict[str, pl.DataType]:
    """Column to type of what the model reads: features, then what else transforms read."""
    label = spec.label.column
    kept = list(dataset.features)
    made: set[str] = set()
    roles = {name: f"the feature {name!r}" for name in dataset.features}
    roles |= {label: "the label", **dict.fromkeys(dataset.entities, "an entity")}
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
    if label in kept:
        raise DataError(
            f"The label {label!r} is used as a feature: the model would read the answer.",
            hint="leave it out of the features and transforms.",
        )
    if not set(kept) <= set(dataset.frame.columns):  # then a transform reads what is not there
        _transformed(dataset.frame.head(0), spec)
    return {name: input_type(dataset.frame[name]) for name in dict.fromkeys(kept)}


def _ready(
    spec: ModelSpec, train: Dataset, inputs: Mapping[str, pl.DataType]
) -> tuple[Dataset, tuple[str, ...]]:
    """(what the learner sees, its features): transformed, the label as numbers."""
    label, task = spec.label.column, spec.label.task
    frame = _transformed(as_inputs(train.frame, inputs), spec)
    read = {column for sql in spec.transforms.values() for column in columns(sql)}
    features = tuple(
        name
        for name in dict.fromkeys([*train.features, *spec.transforms])
        if not (name in read and _is_moment(frame.schema[name]))
    )
    if not features or not inputs:
        raise DataError(
            f"Model {spec.name!r} has no features.",
            hint="name some under features or transforms.",
        )
    y = label_values(train.frame, label, task)
    require_variety(y, label, task)
    roles = [name for name in (*train.entities, train.cutoff) if name and name not in features]
    frame = frame.select(
        *features,
        *(train.frame[name] for name in dict.fromkeys(roles)),
        pl.Series(label, y),
    )
    dataset = Dataset(
        frame,
        label=label,
        entities=train.entities,
        cutoff=train.cutoff,
        features=features,
        origins=train.origins,
    )
    return dataset, features


def _transformed(frame: pl.DataFrame, spec: ModelSpec) -> pl.DataFrame:
    for name, sql in spec.transforms.items():
        with spec.places.at("transforms", name):
            frame = evaluate(frame, {name: sql}, role="transform")
    return frame


def _is_moment(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Date | pl.Datetime | pl.Time)
