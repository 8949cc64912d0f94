"""What picks may be joined to: sources of the workspace and frames of the notebook."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from proml_lab.contracts import Dataset, Json
from proml_lab.errors import ProMLError
from proml_lab.promoting import promoting

if TYPE_CHECKING:
    import polars as pl

    from proml_lab.marketplace.workspace import Workspace

Names = Mapping[str, object]
MOST = 200
"""Spines to choose from, at most."""


def spines(workspace: Workspace, names: Names, spine: str) -> Json:
    """What there is to choose from, and the columns of `spine` that may be a cutoff.

    Frames of the notebook come first, and stand for a source of the same name.
    """
    frames = [name for name, value in list(names.items()) if _is_frame(name, value)]
    sources = [name for name in workspace.sources() if name not in frames]
    choices: list[Json] = [{"name": name, "kind": "frame"} for name in frames[:MOST]]
    choices += [{"name": name, "kind": "source"} for name in sources[:MOST]]
    columns: list[Json] = [*_times(workspace, names, spine)]
    return {"spines": choices, "columns": columns}


def rows_of(names: Names, spine: str) -> object:
    """The frame of the notebook that is called so, else the name of a source."""
    return names[spine] if _is_frame(spine, names.get(spine)) else spine


def is_frame(names: Names, spine: str) -> bool:
    """Whether a variable of the notebook is meant."""
    return _is_frame(spine, names.get(spine))


def usual(workspace: Workspace) -> tuple[str, str]:
    """(spine, cutoff) that the workspace's own specs ask for, where they agree; else empty.

    A promotion reads no spec that its notebook does not name.
    """
    if promoting():
        return "", ""
    from proml_lab.marketplace.know.mentions import SPEC_ENDING
    from proml_lab.spec import ModelSpec

    found = set()
    for path in sorted(workspace.root.iterdir()):
        if path.name.endswith(SPEC_ENDING):
            try:
                spine = ModelSpec.read(path).spine
            except ProMLError:
                continue  # who fits or promotes it is told what is wrong with it
            found.add((spine.source, spine.cutoff or ""))
    return found.pop() if len(found) == 1 else ("", "")


def coverage(
    workspace: Workspace, names: Names, picked: list[str], spine: str, cutoff: str
) -> Json:
    """For how many rows of the spine each pick has a value, and what the join cost."""
    from proml_lab.widgets.picks import grouped

    with told_later(workspace) as warned:
        report = workspace.coverage(rows_of(names, spine), grouped(picked), cutoff=cutoff or None)
    found: list[Json] = [
        {"name": f"{view}.{feature}", "covered": covered}
        for view, feature, covered in report.found.select("view", "feature", "covered").rows()
    ]
    views = report.found.unique("view", maintain_order=True).drop_nulls("source_rows")
    read = sum(views["source_rows"].to_list())
    title = f"How many of {report.n_asked:,} sampled rows, of {report.n_rows:,}, get a value."
    cost = f"It took {report.seconds:.1f} s and read {read:,} rows of sources."
    notes: list[Json] = [str(one.message) for one in warned]
    return {"title": title, "cost": cost, "found": found, "notes": notes}


@contextmanager
def told_later(workspace: Workspace) -> Iterator[list[warnings.WarningMessage]]:
    """The warnings of a join that is only tried; the join itself will warn again."""
    told = workspace.catalog.told
    before = set(told)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield warned
    told &= before


def _is_frame(name: str, value: object) -> bool:
    """Polars, pandas or a Dataset, under a name that people give; nothing is imported for it."""
    if name.startswith("_") or not name.isidentifier():
        return False
    if isinstance(value, Dataset):
        return True
    kinds = (("polars", "DataFrame"), ("polars", "LazyFrame"), ("pandas", "DataFrame"))
    there = [getattr(sys.modules.get(module), kind, None) for module, kind in kinds]
    return any(isinstance(kind, type) and isinstance(value, kind) for kind in there)


def _times(workspace: Workspace, names: Names, spine: str) -> list[str]:
    """The columns of moments of a spine; none where it cannot be read."""
    if not spine:
        return []
    try:
        schema = _schema(workspace, rows_of(names, spine))
    except ProMLError:
        return []  # the join says why
    return [name for name, kind in schema.items() if str(kind).startswith("Datetime")]


def _schema(workspace: Workspace, rows: object) -> Mapping[str, pl.DataType]:
    from proml_lab.marketplace.source import open_table
    from proml_lab.model import as_frame

    if isinstance(rows, str):
        return open_table(workspace.source(rows), workspace.root, role="The spine").schema()
    if hasattr(rows, "collect_schema"):
        return dict(rows.collect_schema())
    return dict(as_frame(rows).schema)
