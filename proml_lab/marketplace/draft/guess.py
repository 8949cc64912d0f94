"""What the columns of a table are for, by their names and values: clocks and keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import polars as pl
from polars.exceptions import PolarsError

SAMPLE = 1_000_000
"""Rows of a table that are looked at."""
_KNOWN = re.compile(r"(known|created|ingested|loaded|inserted|available|received|recorded)")
_EVENT = (re.compile(r"event"), re.compile(r"time|(^|_)ts$|_at$|hour|moment"))
_ID = re.compile(r"((^|[_ .-])(?i:id|key|code|uuid|number|no)|[a-z](Id|Key|Code|ID))$")
_MOST_KEYS = 3
_CANDIDATES = 6
_LONG = 40
"""Letters from which a text names nothing."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The first rows of a table; `name` is what people call it, `path` its source."""

    name: str
    path: str
    rows: pl.DataFrame


@dataclass(frozen=True)
class Guess:
    """A guess of the columns that a field of a view names, and why; no columns: none is."""

    columns: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Guesses:
    """What is guessed of one table; `problem` says why it can be no view, or nothing."""

    event_time: Guess = Guess()
    known_at: Guess = Guess()
    keys: Guess = Guess()
    time_zone: Guess = Guess()
    notes: tuple[str, ...] = field(default=())
    problem: str = ""


def guess(sample: Sample, others: Iterable[Sample]) -> Guesses:
    """What the columns of `sample` are for; a key is more likely where `others` have it too."""
    kinds = sample.rows.schema
    times = [name for name, kind in kinds.items() if isinstance(kind, pl.Datetime)]
    event = _event_time(times)
    known, notes = _known(sample.rows, times, event) if event.columns else (Guess(), [])
    taken = {*event.columns, *known.columns}
    shared = _shared(sample, others)
    keys = _keys(sample, event.columns, taken, shared)
    problem = "" if keys.columns else _problem(sample, event.columns)
    naive = [name for name in taken if kinds[name].time_zone is None]  # type: ignore[attr-defined]
    zone = Guess(("UTC",), f"{', '.join(naive)} has none") if naive else Guess()
    return Guesses(event, known, keys, zone, tuple(notes), problem)


def _known(rows: pl.DataFrame, times: Sequence[str], event: Guess) -> tuple[Guess, list[str]]:
    """When a row became known: not before the last of its times; and what is unsure of it."""
    (happened,) = event.columns
    last, notes = happened, []
    for name in times:
        if name == happened:
            continue
        found = known_at(rows, happened, name)
        if not found.columns:
            notes += [found.why] if _KNOWN.search(name.lower()) else []
        elif rows[name].null_count() > rows[happened].null_count():
            notes.append(f"{name} is no known_at: some are empty; where it is not, it is later")
        elif last == happened or known_at(rows, last, name).columns:
            last = name
    if last != happened:
        return Guess((last,), f"no row is known before {last}, the last of its times"), notes
    notes.append(f"no known_at: rows count as known at {happened}; say it if they come later")
    return Guess(), notes


def known_at(rows: pl.DataFrame, event: str, name: str) -> Guess:
    """Whether `name` says when rows of `event` became known; the guess is empty if not.

    It does not where it is earlier than the event, nor where all rows were written after the last
    event: then it says when the table was made.
    """
    said, happened = _clock(rows, name), _clock(rows, event)
    if rows.select((said < happened).any()).item():
        return Guess(why=f"{name} is no known_at: some are earlier than {event}")
    if rows.select(said.min() > happened.max()).item():
        return Guess(
            why=f"{name} is no known_at: all are later than the last {event}, so it says when the "
            "rows were written, not when they were known"
        )
    return Guess((name,), f"its name, and it is never before {event}")


def _clock(rows: pl.DataFrame, name: str) -> pl.Expr:
    kind = rows.schema[name]
    zone = kind.time_zone if isinstance(kind, pl.Datetime) else None
    moment = pl.col(name).cast(pl.Datetime("us", zone))
    return moment.dt.convert_time_zone("UTC") if zone else moment.dt.replace_time_zone("UTC")


def _event_time(times: Sequence[str]) -> Guess:
    """The time that rows are about, of those that there are."""
    if not times:
        return Guess()
    if len(times) == 1:
        return Guess((times[0],), "the only time")
    events = [name for name in times if not _KNOWN.search(name.lower())] or list(times)
    for pattern in _EVENT:
        named = [name for name in events if pattern.search(name.lower())]
        if named:
            return Guess((named[0],), f"of the times {', '.join(times)} its name says most")
    return Guess((events[0],), f"the first of the times {', '.join(times)}")


def _shared(sample: Sample, others: Iterable[Sample]) -> Mapping[str, list[str]]:
    """Columns that other tables have too, in the same kind of type, and which tables."""
    found: dict[str, list[str]] = {}
    for other in others:
        for name, kind in other.rows.schema.items():
            mine = sample.rows.schema.get(name)
            if mine is not None and _may_be_key(mine) and _alike(mine, kind):
                found.setdefault(name, []).append(other.name)
    return found


def _may_be_key(kind: pl.DataType) -> bool:
    return kind.is_integer() or kind in (pl.String, pl.Categorical, pl.Enum)


def _alike(one: pl.DataType, other: pl.DataType) -> bool:
    return one.is_integer() == other.is_integer() and _may_be_key(other)


def _keys(
    sample: Sample, event: tuple[str, ...], taken: set[str], shared: Mapping[str, list[str]]
) -> Guess:
    """The fewest likely columns that, with the event time, tell the rows apart."""
    scores = {
        name: score
        for name, kind in sample.rows.schema.items()
        if name not in taken and (score := _likely(sample, name, kind, name in shared))
    }
    likely = sorted(scores, key=lambda name: -scores[name])[:_CANDIDATES]
    for n in range(1, min(_MOST_KEYS, len(likely)) + 1):
        for some in combinations(likely, n):
            if _apart(sample.rows, (*some, *event)):
                return Guess(some, _reason(some, event, shared))
    return Guess()


def _likely(sample: Sample, name: str, kind: pl.DataType, shared: bool) -> float:
    """How much a column looks like a key; 0: not at all."""
    if not _may_be_key(kind) or sample.rows[name].null_count() == sample.rows.height:
        return 0.0
    is_id = _ID.search(name) is not None
    called = name.lower().rstrip("s") == sample.name.lower().rstrip("s")
    if kind.is_integer():
        return 3.0 * (is_id and shared) or 2.0 * is_id or 1.8 * called or 1.5 * shared
    lengths = sample.rows[name].cast(pl.String).str.len_chars()
    if (lengths.max() or 0) > _LONG:  # type: ignore[operator]
        return 0.0
    return 3.0 * (is_id and shared) or 2.5 * shared or 2.0 * is_id or 1.8 * called or 1.0


def _apart(rows: pl.DataFrame, columns: tuple[str, ...]) -> bool:
    """Whether no two rows with all of these have the same."""
    there = rows.select(columns).drop_nulls()
    try:
        return bool(there.height) and there.n_unique() == there.height
    except PolarsError:
        return False


def _reason(some: tuple[str, ...], event: tuple[str, ...], shared: Mapping[str, list[str]]) -> str:
    with_ = f" with {event[0]}" if event else ""
    said = [f"{' and '.join(some)}{with_} tell{'' if len(some) > 1 else 's'} the rows apart"]
    said += [f"{name} is in {', '.join(shared[name][:3])} too" for name in some if name in shared]
    return "; ".join(said)


def _problem(sample: Sample, event: tuple[str, ...]) -> str:
    """Why no key was found."""
    dates = [name for name, kind in sample.rows.schema.items() if kind == pl.Date]
    with_ = f" with {event[0]}" if event else ""
    day = (
        f"; {dates[0]} is a date, and a view needs a moment in UTC: when the day's row was known"
        if dates and not event
        else ""
    )
    return f"no likely key{with_} tells its rows apart{day}"
