"""Keys of labels and of source rows, made comparable and numbered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from proml_lab.errors import DataError
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.view import FeatureView


@dataclass(frozen=True, eq=False)
class Keys:
    """Entities as numbers, of each source row and of each label; -1 for a null key.

    A label's entity that the source lacks has the number `n` - 1, a group without rows.
    """

    rows: Ints
    labels: Ints
    n: int


def encode(rows: pl.DataFrame, labels: pl.DataFrame) -> Keys:
    """Number the keys of source rows and labels; their columns correspond in order and type."""
    names = [f"k{i}" for i in range(rows.width)]
    rows = rows.rename(dict(zip(rows.columns, names, strict=True)))
    labels = labels.rename(dict(zip(labels.columns, names, strict=True)))
    found = rows.drop_nulls().unique().with_row_index("group")
    of_rows, of_labels = (
        table.join(found, on=names, how="left", maintain_order="left")["group"].cast(pl.Int64)
        for table in (rows, labels)
    )
    of_labels = of_labels.fill_null(found.height)
    nameless = labels.select(pl.any_horizontal(pl.all().is_null())).to_series()
    return Keys(
        of_rows.fill_null(-1).to_numpy(),
        np.where(nameless.to_numpy(), -1, of_labels.to_numpy()),
        found.height + 1,
    )


def alike(label: pl.Series, row: pl.Series, view: FeatureView) -> tuple[pl.Series, pl.Series]:
    """A key column of the labels and that of the source, in one type.

    Raises
    ------
    DataError
        They are of two types, or of one that is no key.
    """
    text = (pl.String, pl.Categorical, pl.Enum)
    ours, theirs = label.dtype, row.dtype
    if ours in text and theirs in text:
        return label.cast(pl.String), row.cast(pl.String)
    if ours.is_integer() and theirs.is_integer():
        whole = pl.Int128 if pl.UInt64 in (ours, theirs) else pl.Int64
        return label.cast(whole), row.cast(whole)
    if ours == theirs and not ours.is_float():
        return label, row
    raise DataError(
        f"View {view.view!r} joins on {label.name!r}, which is {ours} in the spine and {theirs} "
        f"in {view.source}.",
        hint="keys are text, whole numbers, dates or times, and of one type on both sides.",
    )


def require_shared(view: FeatureView, rows: pl.DataFrame, labels: pl.DataFrame, keys: Keys) -> None:
    """Raises DataError where a key column of a training set meets none of the view's keys.

    To predict for new entities alone is sensible, to learn from them is not.
    """
    if ((keys.labels >= 0) & (keys.labels < keys.n - 1)).any():
        return
    for row, label in zip(rows, labels, strict=True):
        ours, theirs = label.drop_nulls().unique(), row.drop_nulls().unique()
        joins = f"View {view.view!r} joins on {label.name!r}, and"
        for values, name, place in (
            (ours, label.name, "the spine"),
            (theirs, row.name, view.source),
        ):
            if not len(values):
                raise DataError(
                    f"{joins} {name!r} is null in every row of {place}.",
                    hint="a row without a key is never joined: fill it, or name another column.",
                )
        if not ours.is_in(theirs.implode()).any():
            raise DataError(
                f"{joins} no value of it in the spine is in {row.name!r} of {view.source}.",
                hint=f"compare spelling and case: the spine has {ours.min()!r}, the source "
                f"{theirs.min()!r}.",
            )
