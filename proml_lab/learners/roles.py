"""A table that is no Dataset, with the roles that a spec gives its columns."""

from __future__ import annotations

import polars as pl

from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError, UsageError, choose
from proml_lab.model import as_frame
from proml_lab.spec import ModelSpec


def with_roles(data: object, spec: ModelSpec) -> Dataset:
    """`data` as a Dataset: itself, or a Polars, pandas or Arrow table with the roles of `spec`.

    Its features are those that the spec names. Where it names a view as a whole, or nothing
    at all and no transform either, they are all columns that have no other role.

    Raises
    ------
    UsageError
        It is no table.
    ColumnMissingError
        The table lacks a feature, an entity or the cutoff of the spec.
    """
    if isinstance(data, Dataset):
        return data
    try:
        frame = as_frame(data)
    except DataError as error:
        raise UsageError(
            f"A model is fitted to a Dataset or a table: {error.message}",
            hint="give a Polars, pandas or Arrow table, or Dataset(frame, label=…, features=…).",
        ) from None
    spine, label = spec.spine, spec.label
    roles = [*spine.entities, *([spine.cutoff] if spine.cutoff else [])]
    features = _features(frame, spec, {*roles, label.column, label.weight, label.offset})
    for name in (*features, *roles):
        if name not in frame.columns:
            raise ColumnMissingError(
                f"The table has no column {name!r}, which the spec names.",
                hint=choose(name, frame.columns),
            )
    return Dataset(frame, entities=spine.entities, cutoff=spine.cutoff, features=features)


def _features(frame: pl.DataFrame, spec: ModelSpec, taken: set[str | None]) -> tuple[str, ...]:
    asked = spec.requested()
    named = [column for names in asked.values() for column in names or ()]
    if None in asked.values() or not (asked or spec.transforms):
        named += [name for name in frame.columns if name not in taken]
    return tuple(dict.fromkeys(named))
