"""The SQL that makes rows to publish: which tables it reads, and what it gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import SourceError, choose
from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.source.files import Files

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\W\d]\w*|[(),.]""", re.DOTALL
)
_ENDS = {
    *("where", "group", "having", "order", "limit", "offset", "union", "intersect", "except"),
    *("window", "qualify", "select", "with"),
}
"""What ends the list of tables after ``from``."""


@dataclass
class _Level:
    """Where we are within one pair of brackets.

    `listing`: among tables; `wanted`: the next word is one; `whole`: a query of its own, in which
    ``from`` is not that of ``extract(year from day)``.
    """

    whole: bool
    listing: bool = False
    wanted: bool = False


def tables(sql: str) -> tuple[str, ...]:
    """The names of the tables that a SELECT reads, each once; not those that it makes itself.

    They are read off the words, so that a query with a mistake has some too.
    """
    words = [word for word in _TOKEN.findall(sql) if not word.startswith(("--", "/*", "'"))]
    low = ["", *(word.lower() for word in words), "", ""]
    found: dict[str, None] = {}
    made: set[str] = set()
    levels = [_Level(whole=True)]
    for i, (word, text) in enumerate(zip(low[1:], words, strict=False), 1):
        level, before, after = levels[-1], low[i - 1], low[i + 1]
        if word == "(":
            levels.append(_Level(whole=False, listing=level.wanted, wanted=level.wanted))
            level.wanted = False
        elif word == ")":
            levels = levels[:-1] or [_Level(whole=True)]
        elif (word == "from" and level.whole and before != "distinct") or word == "join":
            level.listing = level.wanted = True
        elif word == ",":
            level.wanted = level.listing
        elif word in _ENDS:
            level.whole |= word == "select"
            level.listing = level.wanted = False
        elif before in ("with", "recursive", ",") and (after, low[i + 2]) == ("as", "("):
            made.add(_bare(text))
        elif level.wanted and word != ".":
            level.wanted = False
            if after != "(":  # a function that gives a table
                found[_bare(text)] = None
    return tuple(name for name in found if name not in made)


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def selected(sql: str, workspace: Workspace, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What a SELECT over `frames` and sources of the workspace gives.

    Raises
    ------
    SourceError
        It cannot be run; or a source cannot be read.
    """
    read = {name.lower() for name in tables(sql)}
    known: dict[str, pl.LazyFrame] = {
        name: frame.lazy() for name, frame in frames.items() if name.lower() in read
    }
    for name in workspace.sources():
        if name not in known and name.lower() in read:
            path = workspace.source(name)
            known[name] = Files(Source(path=path), workspace.root, role="The query").scan()
    try:
        return pl.SQLContext(known).execute(sql, eager=True)
    except PolarsError as error:
        said = str(error).splitlines()[0]
        names = [*frames, *workspace.sources()]
        raise SourceError(
            f"The SQL cannot be run: {said}.", hint=f"tables: {choose('', names)}"
        ) from None
