"""Point-in-time joins: give each row of a spine only what was known at its cutoff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.contracts import Dataset, Origin
from proml_lab.errors import ColumnMissingError, DataError, UsageError, choose
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join.answers import Answers
from proml_lab.marketplace.join.origins import origins, types_of
from proml_lab.marketplace.join.rebuilding import Check, Views
from proml_lab.marketplace.join.request import Pick, Wanted, picks
from proml_lab.marketplace.source import open_table
from proml_lab.marketplace.view import SPINE, FeatureView
from proml_lab.model import as_frame

if TYPE_CHECKING:
    from proml_lab.marketplace.layout.layouts import Layouts


def training_set(
    spine: object,
    features: Iterable[Wanted],
    *,
    catalog: Catalog | None = None,
    root: Path | None = None,
    label: str | None = None,
    entities: Iterable[str] = (),
    cutoff: str | None = None,
    check: Check | None = None,
    memory: int | None = None,
    layouts: Layouts | None = None,
) -> Dataset:
    """Join features to the rows of `spine`, each as it was known at the row's cutoff.

    Parameters
    ----------
    spine
        (n, p) frame (Polars, pandas, Arrow), or the path of a Parquet file. Its rows keep their
        order, its columns stay, repeated rows too.
    features
        What to join, see `Wanted`; ``spine`` stands for the spine's own columns.
    catalog
        Where views are looked up by name.
    root
        Folder that the path of the spine is shown relative to.
    label, entities, cutoff
        Columns of the spine. `entities` are by default the keys of the views; `cutoff` (UTC) is
        needed as soon as a view has an event time.
    check
        Is given the views and the features of each before anything is read, and may refuse.
    memory
        How many bytes the rows of sources may take at once; by default a quarter of the machine's.
        The result is the same.
    layouts
        Where sources are laid out at first use, and found laid out later; by default they are read
        each time. The result is the same.

    Returns
    -------
    The spine's columns and one for each feature, in the order asked. An as-of feature is that of
    the newest event with ``event_time <= cutoff`` and ``known_at <= cutoff``, younger than the
    view's `time_to_live`; of two with one event time, the one known later. A window feature is
    over the rows with an event time in ``(cutoff - window, cutoff]`` that were known by the
    cutoff. Where there is nothing, null; a count is then 0, save for a row with a null key.

    Raises
    ------
    UnknownNameError, UsageError
        A view or feature is not there; two features have one name; a cutoff is missing.
    ColumnMissingError, SourceError, DataError, DuplicateKeyError
        The spine or a source cannot be used: the message says which, and why. With a `label`,
        a view of which no key is in the spine is such a source.

    Notes
    -----
    Method and its cost: docs/method.md#point-in-time.
    """
    frame, origin = _read_spine(spine, root)
    given = tuple(entities)
    for column in (*given, *filter(None, (label, cutoff))):
        _require(frame, column, "The spine has")
    chosen = picks(
        features, catalog, own=frame.columns, roles=[*given, *filter(None, (label, cutoff))]
    )
    if any(pick.view is None and pick.feature == label for pick in chosen):
        raise UsageError(
            f"The label {label!r} is asked for as a feature.", hint="a model would just read it."
        )
    groups = _grouped(chosen)
    if check is not None:
        check(groups)
    answers = Answers(
        frame, cutoff, groups, labelled=label is not None, memory=memory, layouts=layouts
    )
    columns = {
        pick.name: answers.values(pick.view, pick.feature) if pick.view else frame[pick.feature]
        for pick in chosen
    }
    return Dataset(
        frame=frame.with_columns(column.alias(name) for name, column in columns.items()),
        label=label,
        entities=given or answers.keys,
        cutoff=cutoff,
        features=tuple(columns),
        origins=(replace(origin, until=answers.until), *origins(answers, chosen)),
        joined_by=Views(tuple(answers.views.values()), memory, check, layouts and layouts.quiet),
        personal=tuple(pick.name for pick in chosen if _is_personal(pick)),
    )


def _is_personal(pick: Pick) -> bool:
    return pick.view is not None and pick.view.sensitivity_of(pick.feature) == "personal"


def _grouped(chosen: Iterable[Pick]) -> list[tuple[FeatureView, list[str]]]:
    """Each view with the features that are picked of it.

    Raises
    ------
    UsageError
        Two different views have one name.
    """
    found: dict[str, tuple[FeatureView, list[str]]] = {}
    for pick in chosen:
        if pick.view is None:
            continue
        view, names = found.setdefault(pick.view.view, (pick.view, []))
        if view is not pick.view:
            raise UsageError(f"Two different views are called {view.view!r}.", hint="rename one.")
        names.append(pick.feature)
    return list(found.values())


def _read_spine(spine: object, root: Path | None) -> tuple[pl.DataFrame, Origin]:
    if isinstance(spine, str | Path):
        path = Path(spine)
        table = open_table(path, Path(), role="The spine")
        frame = table.read()
        inside = root is not None and path.is_relative_to(root)
        shown = str(path.relative_to(root)) if root and inside else str(path)
        print_ = table.content()
    else:
        frame = as_frame(spine)
        shown, print_ = "frame", fingerprint(frame)
    if not frame.height:
        raise DataError("The spine has no rows.", hint="give one row for each prediction.")
    columns = tuple(frame.columns)
    return frame, Origin(SPINE, shown, print_, frame.height, columns, types=types_of(frame.schema))


def _require(frame: pl.DataFrame, column: str, role: str) -> None:
    if column not in frame.columns:
        raise ColumnMissingError(
            f"{role} no column {column!r}.", hint=choose(column, frame.columns)
        )
