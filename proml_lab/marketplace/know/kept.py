"""What was found out about features, kept in one small file: whoever searches looks it up there."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypedDict, TypeVar

import polars as pl

from proml_lab.marketplace.know.usage import Use
from proml_lab.statefolder import make_folder
from proml_lab.words import counted

N_BARS = 12
_FILE = "known.db"
_FORMAT = 2
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Looked:
    """What one look at the values of a feature told.

    Attributes
    ----------
    meaning, state
        `FeatureView.meaning` of the view that was looked at, and the state of its source.
    nulls, bars, low, high
        Share of nulls, at most 12 counts to be drawn, and what their ends are called.
    newest, last
        When the newest row became known, and the last event: microseconds since 1970, or None.
    longest, quiet
        How old a row may be to be used, and after how long without a new one a source has
        stopped: microseconds, or None.
    codes
        The checks of `know.codes` that found something then, without those that depend on the
        present moment and on who uses the feature, or what is online.
    mutes
        Those that the view muted then.
    """

    view: str
    feature: str
    meaning: str
    state: str | None = None
    nulls: float | None = None
    bars: str = "[]"
    low: str = ""
    high: str = ""
    newest: int | None = None
    last: int | None = None
    longest: int | None = None
    quiet: int | None = None
    codes: str = ""
    mutes: str = ""


_LOOKED = {field.name: field.type for field in fields(Looked)}
_TYPES = {
    name: {"str": pl.String(), "float": pl.Float64(), "int": pl.Int64()}[
        str(kind).removesuffix(" | None")
    ]
    for name, kind in _LOOKED.items()
}
_PLAIN = [name for name in _LOOKED if name not in ("state", "bars", "low", "high")]
_USE = ("view", "feature", "kind", "name", "model", "aliases")
USES = dict.fromkeys(_USE, pl.String())
"""The columns that are kept of who uses what."""
_TABLES = {
    "looked": f"({', '.join(_LOOKED)}, primary key (view, feature)) without rowid",
    "used": f"({', '.join(_USE)})",
    "facts": "(name primary key, value) without rowid",
}
_Rows = list[tuple[object, ...]]
T = TypeVar("T")


class Bars(TypedDict):
    """What is drawn of a feature."""

    bars: str
    low: str
    high: str


def bars(counts: Sequence[float], labels: Sequence[str], n_words: int | None) -> Bars:
    """`bars`, `low` and `high` of `Looked`, from bins and their labels.

    `n_words` is how many different texts there are, the most frequent in `labels`; None of numbers.
    """
    if not len(counts):
        return {"bars": "[]", "low": "", "high": ""}
    if n_words is not None:
        shown = [round(n) for n in counts[:N_BARS]]
        return {"bars": json.dumps(shown), "low": labels[0], "high": last_word(labels, n_words)}
    step = -(-len(counts) // N_BARS)
    shown = [round(sum(counts[i : i + step])) for i in range(0, len(counts), step)]
    first, last = labels[0].partition(" to ")[0], labels[-1].rpartition(" to ")[2]
    return {
        "bars": json.dumps(shown),
        "low": first.replace("below ", "< "),
        "high": last.replace("from ", "≥ "),
    }


def last_word(labels: Sequence[str], n_words: int) -> str:
    """What stands below the last bar of texts: the second of two, else how many there are."""
    return labels[1] if n_words == 2 == len(labels) else counted(n_words, "value")


def keep(folder: Path, rows: Iterable[Looked], *, gently: bool = False) -> None:
    """Keep what was seen in `folder`; of other meanings of the same views nothing stays.

    With `gently`, what an earlier look at the same state of the source told stays. Where nothing
    can be written, nothing is: it can be found out again.
    """
    new = ", ".join(f"{name} = excluded.{name}" for name in [*_LOOKED][2:])
    same = "looked.meaning = excluded.meaning and looked.state is excluded.state"
    _put(folder, [*rows], new + (f" where not ({same})" if gently else ""))


def keep_codes(folder: Path, rows: Iterable[Looked]) -> None:
    """Keep the codes of `rows`; of the values that were seen, what is there stays."""
    _put(folder, [*rows], "codes = excluded.codes, mutes = excluded.mutes")


def _put(folder: Path, rows: list[Looked], update: str) -> None:
    marks = ", ".join("?" * len(_LOOKED))
    into = f"insert into looked values ({marks}) on conflict (view, feature) do update set "  # noqa: S608
    views = {row.view: row.meaning for row in rows}

    def work(base: sqlite3.Connection) -> None:
        base.executemany("delete from looked where view = ? and meaning <> ?", views.items())
        base.executemany(into + update, map(astuple, rows))

    _write(folder, work)


def keep_uses(folder: Path, uses: Iterable[Use], state: str, *, aliases: bool = True) -> None:
    """Keep who uses what, in place of what was kept; `state` tells when to do that again.

    Without `aliases` nobody asked the registry for those of artifacts: they stay as they were.
    """
    found = [*uses]

    def work(base: sqlite3.Connection) -> None:
        known = dict(base.execute("select name, aliases from used")) if not aliases else {}
        rows = [
            (use.view, use.feature, use.kind, use.name, use.model,
             known.get(use.name) or " ".join(use.aliases))
            for use in found
        ]  # fmt: skip
        base.execute("delete from used")
        base.executemany(f"insert into used values ({', '.join('?' * len(_USE))})", rows)  # noqa: S608
        base.execute("insert or replace into facts values ('uses', ?)", (state,))

    _write(folder, work)


def state_of_uses(folder: Path) -> str:
    """The `state` that `keep_uses` was told; empty where it never was."""

    def work(base: sqlite3.Connection) -> str:
        found = base.execute("select value from facts where name = 'uses'").fetchone()
        return str(found[0]) if found else ""

    return _read(folder, work, "")


def read(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """(what was seen, a row a feature, without what is drawn; who uses what, a row a use).

    None where nobody asked who uses what.
    """

    def work(base: sqlite3.Connection) -> tuple[_Rows, _Rows, bool]:
        seen = base.execute(f"select {', '.join(_PLAIN)} from looked")  # noqa: S608
        asked = base.execute("select 1 from facts where name = 'uses'").fetchone()
        return seen.fetchall(), base.execute("select * from used").fetchall(), bool(asked)

    nothing: tuple[_Rows, _Rows, bool] = ([], [], False)
    seen, uses, asked = _read(folder, work, nothing)
    found = pl.DataFrame(seen, schema={name: _TYPES[name] for name in _PLAIN}, orient="row")
    users = pl.DataFrame(uses, schema=USES, orient="row")
    return found, users if asked else None


def drawn(folder: Path, names: Iterable[str]) -> dict[str, Looked]:
    """``view.feature`` to what was seen, of those of `names` that were looked at."""

    def work(base: sqlite3.Connection) -> dict[str, Looked]:
        asked = "select * from looked where view = ? and feature = ?"
        parts = (name.rpartition(".") for name in names)
        rows = (base.execute(asked, (view, short)).fetchone() for view, _, short in parts)
        return {f"{row[0]}.{row[1]}": Looked(*row) for row in rows if row}

    return _read(folder, work, {})


def stamp(folder: Path) -> tuple[int, int, int]:
    """What changes whenever something is kept in `folder`."""
    try:
        stat = (folder / _FILE).stat()
    except OSError:
        return 0, 0, 0
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _write(folder: Path, work: Callable[[sqlite3.Connection], None]) -> None:
    """Do `work` in one transaction, on a new file where the one that is there is damaged."""
    for _ in range(2):
        try:
            make_folder(folder)
            opened = sqlite3.connect(folder / _FILE, timeout=_PATIENCE_S)
            with contextlib.closing(opened) as base, base:
                base.execute("begin immediate")
                _prepare(base)
                work(base)
            return
        except (sqlite3.OperationalError, OSError):  # no permission, a full disk, a patient other
            return
        except sqlite3.DatabaseError:
            with contextlib.suppress(OSError):
                (folder / _FILE).unlink()


def _prepare(base: sqlite3.Connection) -> None:
    """Make the tables, anew where they have another form."""
    (form,) = base.execute("pragma user_version").fetchone()
    if form == _FORMAT:
        return
    for name, columns in _TABLES.items():
        base.execute(f"drop table if exists {name}")
        base.execute(f"create table {name} {columns}")
    base.execute(f"pragma user_version = {_FORMAT}")


def _read(folder: Path, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
    """What `work` finds; `otherwise` where nothing is kept, or nothing that can be read."""
    file = (folder / _FILE).absolute()
    try:
        opened = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)
        with contextlib.closing(opened) as base:
            (form,) = base.execute("pragma user_version").fetchone()
            return work(base) if form == _FORMAT else otherwise
    except sqlite3.DatabaseError:
        return otherwise
