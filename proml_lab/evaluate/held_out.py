"""Which rows models are compared on: rows that none of them was fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError, UsageError
from proml_lab.leak import Leak, leaks
from proml_lab.model import Model
from proml_lab.split import split


def shared(models: Sequence[Model], names: Sequence[str]) -> list[Dataset]:
    """The rows that each of `models` held out in memory, if they are the same rows.

    Raises
    ------
    UsageError
        A model has none, or the rows differ.
    """
    tests: list[Dataset] = []
    for name, model in zip(names, models, strict=True):
        if model.test is None:
            raise UsageError(
                f"Model {name!r} has no held-out rows: they are not kept on disk.",
                hint="give rows that it was not fitted on: on=dataset.",
            )
        tests.append(model.test)
        if not _same_rows(tests[0], model.test, models[0].spec.label.column):
            raise UsageError(
                f"The models were tested on different rows: {names[0]!r} on {len(tests[0]):,}, "
                f"{name!r} on {len(model.test):,}.",
                hint="give the same split and seed to both specs, or rows to compare on: "
                "on=dataset.",
            )
    return tests


def unseen(
    data: Dataset, models: Sequence[Model], names: Sequence[str]
) -> tuple[Dataset, dict[str, tuple[Leak, ...]]]:
    """(the rows of `data` without those that a model was fitted on, what leaks to them, by name).

    `data` is known as a model's own dataset where the training part of the model's split has the
    fingerprint of its training rows: then the held-out part is left. Others are taken whole;
    single training rows among other rows are not found.

    Raises
    ------
    DataError
        `data` is exactly what a model was fitted on.
    UsageError
        Models hold out different rows of `data`.
    """
    found: dict[str, Dataset] = {}
    leaking: dict[str, tuple[Leak, ...]] = {}
    for name, model in zip(names, models, strict=True):
        if model.trained_on(data.frame):
            raise DataError(
                f"Model {name!r} was fitted on all {len(data):,} rows given.",
                hint="give rows that it has not seen, or the whole dataset that it was split from.",
            )
        parts = _parts(data, model)
        if parts is not None:
            found[name] = parts[1]
            leaking[name] = leaks(*parts, model.spec.split)
    if not found:
        return data, {}
    (first, test), *others = found.items()
    for name, other in others:
        if not other.frame.equals(test.frame):
            raise UsageError(
                f"Of the {len(data):,} rows given, {first!r} and {name!r} were fitted on "
                f"different ones: {first!r} held out {len(test):,}, {name!r} {len(other):,}.",
                hint="give the same split and seed to both specs, or rows that neither has seen.",
            )
    return test, leaking


def _parts(data: Dataset, model: Model) -> tuple[Dataset, Dataset] | None:
    """What `model` learnt from and held out of `data`; None if it was not fitted on part of it."""
    cutoff = data.cutoff or model.spec.spine.cutoff
    if cutoff not in data.frame.columns:
        cutoff = None
    entities = data.entities or model.spec.spine.entities
    if not set(entities) <= set(data.frame.columns):
        entities = ()
    whole = replace(data, cutoff=cutoff, entities=entities)
    spec = model.spec
    try:
        train, test = split(whole, spec.split, seed=spec.seed, label=spec.label.column)
    except (DataError, ColumnMissingError):  # then it is not what the model was split from
        return None
    return (train, test) if model.trained_on(train.frame) else None


def _same_rows(a: Dataset, b: Dataset, label: str) -> bool:
    """Whether label, cutoff and entities agree, row by row; without those, all shared columns."""
    keys = dict.fromkeys(c for c in (*a.entities, a.cutoff, *b.entities, b.cutoff) if c)
    both = [name for name in a.frame.columns if name in b.frame.columns]
    columns = [*keys, label] if keys else both
    if not set(columns) <= set(both):
        return False
    return a.frame.select(columns).equals(b.frame.select(columns))
