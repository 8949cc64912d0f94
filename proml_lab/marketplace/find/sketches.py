"""Sketches: the values of a view at entities and moments that are the same for every view.

So the values of two views are compared without reading a source.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import ProMLError
from proml_lab.marketplace.find.values import Pair, comparable, pair_of, ready
from proml_lab.marketplace.view import FeatureView
from proml_lab.statefolder import make_folder

N_STATIC, N_ENTITIES, N_MOMENTS = 20_000, 400, 64
"""Entities of a view without time; entities and moments of one with time: at most."""
N_MADE = 20
"""Sketches that are made at once for the sake of one comparison, at most."""
N_COMPARED = 300
"""Views that are compared, at most."""
_SEED = 7
_MOMENT = ":moment"


def sketch(view: FeatureView, folder: Path | None = None) -> pl.DataFrame:
    """Keys, moments if time plays a part, and all features of `view` but lists.

    Parameters
    ----------
    view
        Linked by a catalogue.
    folder
        Where it is kept, one file a view; None: it is made, and not kept.

    Raises
    ------
    SourceError, ColumnMissingError, DataError, DuplicateKeyError
        The source cannot be used; as in `training_set`.

    Notes
    -----
    Which entities and moments: docs/method.md#similar-features.
    """
    state = (view.table.state or "") if view.source else ""
    file = folder / f"{view.view}.parquet" if folder else None
    found = kept(file, view, state) if file else None
    if found is None:
        found = _sketch(view)
        if file:
            _keep(found, file, {"meaning": view.meaning, "state": state})
    return found


def near_equal(
    view: FeatureView, others: Iterable[FeatureView], folder: Path | None
) -> tuple[dict[tuple[str, str], Pair], bool]:
    """(pairs of nearly equal values: (feature, ``other.feature``) to how equal; whether in time).

    `others` come with the likeliest first: of at most 300 of the same keys the sketches that are
    kept in `folder` are compared, and of the first 20 that have none one is made. What cannot be
    read is not compared.
    """
    try:
        mine = sketch(view)
    except ProMLError:
        return {}, False
    found: dict[tuple[str, str], Pair] = {}
    made = 0
    for other in [one for one in others if set(one.keys) == set(view.keys)][:N_COMPARED]:
        file = folder / f"{other.view}.parquet" if folder else None
        theirs = kept(file, other, None) if file else None
        if theirs is None and made < N_MADE:
            made += 1
            with suppress(ProMLError):
                theirs = sketch(other, folder)
        if theirs is not None:
            found |= {
                (name, f"{other.view}.{short}"): pair
                for (name, short), pair in _pairs(view, mine, other, theirs).items()
            }
    return found, _MOMENT in mine.columns


def _pairs(
    view: FeatureView, mine: pl.DataFrame, other: FeatureView, theirs: pl.DataFrame
) -> dict[tuple[str, str], Pair]:
    """Pairs of nearly equal columns where both sketches have the entity and the moment."""
    if _MOMENT in theirs.columns and _MOMENT not in mine.columns:
        return {}
    on = [*view.keys, *([_MOMENT] if _MOMENT in theirs.columns else [])]
    if any(mine.schema[name] != theirs.schema[name] for name in on):
        return {}
    a = mine.rename({name: f"a {name}" for name in view.features if name in mine.columns})
    b = theirs.rename({name: f"b {name}" for name in other.features if name in theirs.columns})
    both = a.join(b, on=on, how="inner")
    found = {}
    for name in view.features:
        for short in other.features:
            if f"a {name}" in both.columns and f"b {short}" in both.columns:
                columns = both[f"a {name}"], both[f"b {short}"]
                pair = pair_of(*columns, equal_only=True) if comparable(*columns) else None
                if pair is not None:
                    found[name, short] = pair
    return found


def _sketch(view: FeatureView) -> pl.DataFrame:
    from proml_lab.marketplace.join.answers import Answers
    from proml_lab.marketplace.know.seen import MOMENT, moments

    lent, _ = moments(view)
    keys = _keys(view, lent)
    timed = MOMENT in lent.columns
    hashed = keys.select(pl.struct(_plain(column) for column in keys).hash(_SEED)).to_series()
    spine = keys[hashed.arg_sort()].head(N_ENTITIES if timed else N_STATIC)
    if timed:
        at = pl.Series(MOMENT, grid(lent[MOMENT].to_physical().to_numpy()))
        spine = spine.join(at.cast(lent.schema[MOMENT]).to_frame(), how="cross")
    names = [
        name for name, one in view.features.items() if not one.type.startswith(("list", "vector"))
    ]
    cutoff = MOMENT if timed else None
    answers = Answers(spine, cutoff, [(view, names)], labelled=False)
    columns = [_plain(spine[name]) for name in keys.columns]
    columns += [spine[MOMENT].alias(_MOMENT)] if timed else []
    values = [ready(answers.values(view, name)).alias(name) for name in names]
    return pl.DataFrame([*columns, *values])


def _keys(view: FeatureView, lent: pl.DataFrame) -> pl.DataFrame:
    """All entities of the source; of a derived view those that its inputs lend."""
    if view.source is None:
        return lent.select(list(view.keys)).unique(maintain_order=True)
    rows = view.table.read([*dict.fromkeys(view.keys.values())])
    keys = rows.select(pl.col(column).alias(key) for key, column in view.keys.items())
    return keys.drop_nulls().unique(maintain_order=True)


def _plain(column: pl.Series) -> pl.Series:
    """A key in the type in which it is compared with those of other sources."""
    if column.dtype.is_integer():
        return column.cast(pl.Int64)
    return column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column


def grid(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Moments from the first to the last of `times`, microseconds: multiples of a power of two.

    It is the least that leaves at most 64 of them, so the grid of a longer time is a part of that
    of a shorter one. Where none lies between, it is the last of `times`.
    """
    first, last = int(times.min()), int(times.max())
    step = 1
    while last // step + (-first // step) + 1 > N_MOMENTS:
        step *= 2
    found = np.arange(-(-first // step), last // step + 1, dtype=np.int64) * step
    return found if found.size else np.array([last])


def kept(file: Path, view: FeatureView, state: str | None) -> pl.DataFrame | None:
    """The sketch in `file` if it is of this meaning of the view, and of this `state` if given.

    That of another state says the same of moments that it had then.
    """
    try:
        said = pl.read_parquet_metadata(file)
        if said.get("meaning") != view.meaning or state not in (None, said.get("state")):
            return None
        return pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError):
        return None


def _keep(found: pl.DataFrame, file: Path, said: dict[str, str]) -> None:
    """Beside, then moved there; where nothing can be written, it is made again next time."""
    part = file.with_name(f".{file.name}-{os.getpid()}-{datetime.now(UTC).timestamp():.6f}")
    try:
        make_folder(file.parent)
        found.write_parquet(part, metadata=said)
        part.replace(file)
    except (OSError, pl.exceptions.PolarsError):
        with suppress(OSError):
            part.unlink(missing_ok=True)
