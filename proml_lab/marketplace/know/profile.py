"""What the values of a view's features look like: small enough to send to a browser."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from proml_lab.marketplace.know.bins import digits
from proml_lab.marketplace.know.codes import MOST_NULLS, QUIET_UNITS
from proml_lab.marketplace.know.kept import Looked, bars, keep
from proml_lab.marketplace.know.parts import length_of, unit_of
from proml_lab.marketplace.know.reasons import micros
from proml_lab.marketplace.know.seen import seen
from proml_lab.marketplace.view import FeatureView
from proml_lab.statefolder import make_folder

Floats = npt.NDArray[np.float64]
N_BINS = 20
_MOMENT = pl.Datetime("us", "UTC")
_SCHEMA = {
    "feature": pl.String(), "type": pl.String(), "n_rows": pl.Int64(), "n_asked": pl.Int64(),
    "nulls": pl.Float64(), "n_distinct": pl.Int64(), "low": pl.String(), "middle": pl.String(),
    "high": pl.String(), "bins": pl.List(pl.Int64()), "labels": pl.List(pl.String()),
    "first": _MOMENT, "newest": _MOMENT,
}  # fmt: skip


def profile(view: FeatureView, *, cache: Path | None = None) -> pl.DataFrame:
    """Describe the values of every feature of `view`, as a model would have seen them.

    Up to 20,000 rows of the source, evenly spread, lend the moments at which they became known
    and, in another, fixed order, their entities. So features are described as they are used:
    windows, ages, and nulls where an entity had nothing yet, or nothing young enough.

    Parameters
    ----------
    view
        What to describe.
    cache
        Folder where results are kept, by the view's definition and its source's content.

    Returns
    -------
    One row a feature: ``feature``, ``type``, ``n_rows`` of the source, ``n_asked`` moments, the
    share of ``nulls``, ``n_distinct``; ``low``, ``middle``, ``high``: the least, the median and
    the greatest number or time, of text only ``middle``, its most frequent value; and at most 20
    ``bins`` with their ``labels``. Bins of numbers and times are equally wide over the middle
    99 %, and the outermost hold the rest too; few whole numbers, and text, have one a value.
    ``first`` and ``newest`` are the ends of the moments, null of what time plays no part in.

    Raises
    ------
    SourceError, ColumnMissingError, DataError, DuplicateKeyError
        The source cannot be used; as in `training_set`.
    """
    state = view.table.state if view.source else None
    file = cache / f"{view.view}-{view.digest}-{state[:16]}.parquet" if cache and state else None
    found = _kept(file) if file else None
    if found is None:
        found = _profile(view)
        if file:
            _keep(found, file)
    if cache:
        keep(cache, _looked(view, found, state), gently=True)
    return found


def _looked(view: FeatureView, found: pl.DataFrame, state: str | None) -> Iterator[Looked]:
    """What is kept for whoever searches."""
    meaning = view.meaning  # of all its features together: once, not once a feature
    for row in found.iter_rows(named=True):
        first, newest = row["first"], row["newest"]
        words = row["n_distinct"] if row["low"] is None else None
        codes = ["FH003" if row["nulls"] == 1 else "FH010"] if row["nulls"] > MOST_NULLS else []
        codes += ["FH011"] if row["n_distinct"] == 1 else []
        yield Looked(
            view=view.view,
            feature=row["feature"],
            meaning=meaning,
            state=state,
            nulls=row["nulls"],
            **bars(row["bins"], row["labels"], words),
            newest=micros(newest) if newest else None,
            longest=micros(view.time_to_live) if newest and view.time_to_live else None,
            quiet=micros(QUIET_UNITS * length_of(unit_of(first, newest))) if newest else None,
            codes=" ".join(codes),
            mutes=" ".join(view.mutes_of(row["feature"])),
        )


def _profile(view: FeatureView) -> pl.DataFrame:
    found = seen(view, view.features)
    moments = found.moments
    ends = (None, None) if moments is None else (moments.min(), moments.max())
    rows = [
        {"feature": name, "type": feature.type, "n_rows": found.n_rows}
        | dict(zip(("first", "newest"), ends, strict=True))
        | _describe(found.values[name])
        for name, feature in view.features.items()
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _describe(values: pl.Series) -> dict[str, object]:
    values = values.fill_nan(None) if values.dtype.is_float() else values
    there = values.drop_nulls()
    found: dict[str, object] = {
        "n_asked": values.len(),
        "nulls": values.null_count() / values.len(),
        "n_distinct": there.n_unique(),
    }
    if not there.len() or there.dtype.is_nested():
        return found | {"bins": [], "labels": []}
    if there.dtype in (pl.String, pl.Boolean):
        bins, labels = _most_frequent(there)
        return found | {"middle": labels[0], "bins": bins, "labels": labels}
    numbers = np.sort(there.to_physical().cast(pl.Float64).to_numpy())
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return found | {"bins": [], "labels": []}
    ends = (numbers[0], numbers[(numbers.size - 1) // 2], numbers[-1])
    found |= zip(("low", "middle", "high"), (_text(x, there.dtype) for x in ends), strict=True)
    bins, labels = _histogram(numbers, there.dtype)
    return found | {"bins": bins, "labels": labels}


def _most_frequent(values: pl.Series) -> tuple[list[int], list[str]]:
    counted = values.cast(pl.String).alias("value").value_counts(name="n")
    top = counted.sort("n", "value", descending=[True, False]).head(N_BINS)
    return top["n"].to_list(), top["value"].to_list()


def _histogram(numbers: Floats, kind: pl.DataType) -> tuple[list[int], list[str]]:
    """Counts and labels of bins; `numbers` ascend."""
    distinct, counts = np.unique(numbers, return_counts=True)
    if distinct.size == 1 or (kind.is_integer() and distinct.size <= N_BINS):
        return counts.tolist(), [_text(x, kind) for x in distinct]
    cut = numbers.size // 200
    low, high = numbers[cut], numbers[-1 - cut]
    if low == high:
        low, high = numbers[0], numbers[-1]
    bins, edges = np.histogram(np.clip(numbers, low, high), bins=N_BINS, range=(low, high))
    shown = [_text(x, kind) for x in edges]
    labels = [f"{a} to {b}" for a, b in pairwise(shown)]
    if numbers[0] < low:
        labels[0] = f"below {shown[1]}"
    if numbers[-1] > high:
        labels[-1] = f"from {shown[-2]}"
    return bins.tolist(), labels


def _text(number: float, kind: pl.DataType) -> str:
    if kind.is_temporal():
        whole = pl.Series([round(number)]).cast(kind)
        return str(whole[0])[:16]
    return digits(number, whole=kind.is_integer())


def _kept(file: Path) -> pl.DataFrame | None:
    """An earlier result; None where there is none that can be read."""
    if not file.is_file():
        return None
    try:
        found = pl.read_parquet(file)
    except (PolarsError, OSError):
        return None
    return found if found.schema == pl.Schema(_SCHEMA) else None


def _keep(found: pl.DataFrame, file: Path) -> None:
    """Write `found` whole or not at all; where nothing can be written, the next call works anew."""
    with contextlib.suppress(OSError, PolarsError):
        make_folder(file.parent)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            part = Path(folder) / file.name
            found.write_parquet(part)
            part.replace(file)
