"""Summaries of a view's features by file and period, kept, so that only what is new is read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from proml_lab.expression import evaluate
from proml_lab.marketplace.join.needs import needs
from proml_lab.marketplace.know.summary import SAMPLE, Summary, summarize
from proml_lab.marketplace.source import Files, Table, open_table
from proml_lab.marketplace.view import FeatureView
from proml_lab.statefolder import make_folder

Unit = Literal["hour", "day", "week", "month", "year"]
_EVERY: dict[Unit, tuple[str, timedelta]] = {
    "year": ("1y", timedelta(days=365)),
    "month": ("1mo", timedelta(days=30)),
    "week": ("1w", timedelta(days=7)),
    "day": ("1d", timedelta(days=1)),
    "hour": ("1h", timedelta(hours=1)),
}
_FORMAT = "profile/1"
_LEAST_SAMPLE = 4096
_MOMENT = pl.Datetime("us", "UTC")
_SCHEMA = {
    "feature": pl.String(), "period": _MOMENT, "n": pl.Int64(), "nulls": pl.Int64(),
    "infinite": pl.Int64(), "low": pl.Float64(), "high": pl.Float64(), "mean": pl.Float64(),
    "squares": pl.Float64(), "values": pl.List(pl.Float64()), "counts": pl.List(pl.Float64()),
    "whole": pl.Boolean(), "texts": pl.List(pl.String()), "registers": pl.Binary(),
}  # fmt: skip
_PLAIN = ("n", "nulls", "infinite", "low", "high", "mean", "squares", "whole")


@dataclass(frozen=True, eq=False)
class Part:
    """Summaries of some rows, by feature and period: the moment at which it begins, or None."""

    found: Mapping[tuple[str, datetime | None], Summary]


def unit_of(first: datetime, last: datetime) -> Unit:
    """The longest unit of which four fit between two moments; an hour at least."""
    fitting = (unit for unit, (_, length) in _EVERY.items() if last - first >= 4 * length)
    return next(fitting, "hour")


def length_of(unit: Unit) -> timedelta:
    """How long a period is, about."""
    return _EVERY[unit][1]


def by_rows(view: FeatureView) -> list[str]:
    """The features whose values stand in the rows of the source: no windows, ages or inputs."""
    if not view.source:
        return []
    return [n for n, one in view.features.items() if not (one.aggregate or one.reads_cutoff)]


def parts(
    view: FeatureView, names: Iterable[str], *, unit: Unit | None, cache: Path | None = None
) -> list[Part]:
    """The summaries of the features `names`, a part for each file of the source.

    A source in one file, or of no files of this machine, is one part. With a folder `cache` the
    parts are kept there, by the file's path, size and time and by what the view says; only files
    that are new or others than before are read.

    Raises
    ------
    SourceError, ColumnMissingError, DataError
        The source cannot be read, or a formula cannot be worked out.
    """
    chosen = [*names]
    columns = needs(view, chosen)
    found, used = [], set()
    for table in _tables(view, columns):
        state = table.state
        key = hashlib.sha256("\0".join((_FORMAT, view.meaning, unit or "", state or "")).encode())
        file = cache / view.view / f"{key.hexdigest()[:32]}.parquet" if cache and state else None
        part = _kept(file, chosen) if file else None
        if part is None:
            part = summarized(view, table.read(columns), chosen, unit=unit)
            if file:
                _keep(part, file)
        if file:
            used.add(file.name)
        found.append(part)
    if cache:
        _forget(cache / view.view, used)
    return found


def summarized(
    view: FeatureView, frame: pl.DataFrame, names: Iterable[str], *, unit: Unit | None
) -> Part:
    """The summaries of the features `names` of `view` over `frame`, rows of its source."""
    chosen = [*names]
    sql = {name: text for name in chosen if (text := view.features[name].sql)}
    role = f"View {view.view!r}: feature"
    made = evaluate(frame, sql, role=role) if sql else frame
    columns = {
        name: made[name] if name in sql else frame[view.features[name].column or name]
        for name in chosen
    }
    times = frame[view.event_time] if view.event_time and unit else None
    return Part(by_period(columns, times, unit=unit))


def by_period(
    columns: Mapping[str, pl.Series], times: pl.Series | None, *, unit: Unit | None
) -> dict[tuple[str, datetime | None], Summary]:
    """The summary of every column in every period of `times`; of one, None, without times."""
    n = len(next(iter(columns.values()))) if columns else 0
    order, bounds, starts = _periods(times, unit, n)
    jobs = []
    for number, start in enumerate(starts):
        begin, end = int(bounds[number]), int(bounds[number + 1])
        share = max(_LEAST_SAMPLE, SAMPLE * (end - begin) // max(1, n))
        jobs.append((number, start, begin, end - begin, share))

    def of(item: tuple[str, pl.Series]) -> list[tuple[tuple[str, datetime | None], Summary]]:
        name, column = item
        column = column if order is None else column.gather(order)
        return [
            ((name, start), summarize(column.slice(begin, length), sample=share, seed=number))
            for number, start, begin, length, share in jobs
        ]

    with ThreadPoolExecutor(os.cpu_count() or 1, "proml-profile") as pool:
        return dict(pair for pairs in pool.map(of, columns.items()) for pair in pairs)


def _periods(
    times: pl.Series | None, unit: Unit | None, n: int
) -> tuple[pl.Series | None, list[int], list[datetime | None]]:
    """An order of the rows in which periods follow each other (None: as they are), where each
    begins, with the end, and the moments at which they begin.
    """
    if times is None or unit is None:
        return None, [0, n], [None]
    moments = times.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if n and not moments.null_count() and moments.is_sorted():
        return None, *_sorted_periods(moments, _EVERY[unit][0])
    starts = moments.dt.truncate(_EVERY[unit][0])
    order = starts.arg_sort()
    starts = starts.gather(order)
    firsts = starts.is_first_distinct().arg_true()
    return order, [*firsts.to_list(), n], starts.gather(firsts).to_list() or [None]


def _sorted_periods(moments: pl.Series, every: str) -> tuple[list[int], list[datetime | None]]:
    """Where each period begins among ascending `moments`, with the end, and its first moment."""
    ends = moments.gather([0, moments.len() - 1])
    first, last = ends.dt.truncate(every).to_list()
    starts = pl.datetime_range(first, last, every, time_unit="us", eager=True)
    bounds = [*moments.search_sorted(starts, side="left").to_list(), moments.len()]
    filled = [i for i in range(starts.len()) if bounds[i] < bounds[i + 1]]
    found = starts.gather(filled).to_list()
    return [*(bounds[i] for i in filled), moments.len()], found


def _tables(view: FeatureView, columns: list[str]) -> list[Table]:
    """One table a file, or the source as a whole where files are not all of the rows' columns."""
    table = view.table
    files = table.files
    if len(files) < 2 or view.source is None or view.source.path is None:
        return [table]
    kind = table.format if isinstance(table, Files) else None
    single = [
        open_table(
            view.source.model_copy(update={"path": str(file), "format": kind}),
            Path(),
            role=f"View {view.view!r}",
        )
        for file in files
    ]
    whole = table.schema()
    for one in single:
        own = one.schema()
        if any(own.get(column) != whole[column] for column in columns):
            return [table]
    return single


def _kept(file: Path, names: list[str]) -> Part | None:
    """An earlier part; None where there is none that can be read, or of other features."""
    if not file.is_file():
        return None
    try:
        frame = pl.read_parquet(file)
    except (PolarsError, OSError):
        return None
    if frame.schema != pl.Schema(_SCHEMA) or set(frame["feature"]) != set(names):
        return None
    found = {}
    for row in frame.iter_rows(named=True):
        texts = row["texts"]
        found[row["feature"], row["period"]] = Summary(
            **{name: row[name] for name in _PLAIN},
            values=np.asarray(row["values"], np.float64),
            counts=np.asarray(row["counts"], np.float64),
            texts=None if texts is None else tuple(texts),
            registers=np.frombuffer(row["registers"], np.uint8),
        )
    return Part(found)


def _keep(part: Part, file: Path) -> None:
    """Write `part` whole or not at all; where nothing can be written, the next call works anew."""
    rows = [
        {
            **{name: getattr(one, name) for name in ("n", "nulls", "infinite", "low", "high")},
            **{name: getattr(one, name) for name in ("mean", "squares", "whole")},
            "feature": name,
            "period": period,
            "registers": one.registers.tobytes(),
            "values": one.values.tolist(),
            "counts": one.counts.tolist(),
            "texts": None if one.texts is None else list(one.texts),
        }
        for (name, period), one in part.found.items()
    ]
    with contextlib.suppress(OSError, PolarsError):
        make_folder(file.parent)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            made = Path(folder) / file.name
            pl.DataFrame(rows, schema=_SCHEMA).write_parquet(made)
            made.replace(file)


def _forget(folder: Path, used: set[str]) -> None:
    """Remove the parts that no file of the source has any more."""
    for file in folder.glob("*.parquet"):
        if file.name not in used:
            with contextlib.suppress(OSError):
                file.unlink()
