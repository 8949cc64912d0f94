"""What is to be published: the text of a view's file, completed from its rows and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from polars.exceptions import PolarsError

from proml_lab import document
from proml_lab.errors import ColumnMissingError, DataError, PublicationError, SourceError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.kind import kind_of
from proml_lab.marketplace.publish import text as texts
from proml_lab.marketplace.publish.changes import Change, changes
from proml_lab.marketplace.publish.query import selected
from proml_lab.marketplace.publish.versions import PUBLISHED_ONLY, Versions
from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.source.files import Files
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

QUERY = "sql"
"""A field of what is published, not of a view: the query that makes the rows."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A view as it would be published.

    `text` is that of its `file`; `before` the newest published version, or None; `rows` those to
    write as its source, or None; `proposal` the file of a proposal that this is.
    """

    text: str
    view: FeatureView
    file: Path
    before: FeatureView | None
    found: tuple[Change, ...]
    rows: pl.DataFrame | None = None
    query: str = ""
    proposal: Path | None = None

    @property
    def renews(self) -> bool:
        """Whether this is a version of its own."""
        return self.before is None or self.view.version > self.before.version


def draft(
    text: str,
    workspace: Workspace,
    *,
    name: str,
    rows: pl.DataFrame | None,
    frames: Mapping[str, pl.DataFrame],
    file: Path | None,
) -> Draft:
    """Complete the document `text`, called `name` in messages.

    What it leaves out is put in: with `rows` the source and the features, one for each column
    that is no key and no clock; and the version.

    `rows` are those of the source; if None, the document says where they are, or has `sql` over
    sources of the workspace and `frames`. `file` is where it was read from, or None.

    Raises
    ------
    SpecError, ColumnMissingError, DataError, SourceError
        The document or its rows cannot be used.
    PublicationError
        Its version is there already with another meaning, or is not the next one.
    """
    data, _ = document.mapping(text, name=name, example="view: shop.sales")
    asked, query = text, str(data.get(QUERY, ""))
    if query:
        if rows is not None:
            raise PublicationError(
                f"{name}: sql and rows were given.", hint="leave out one of the two."
            )
        rows = selected(query, workspace, frames)
        asked = texts.blank(asked, QUERY)
        text = texts.comment(texts.take(text, QUERY), f"made by: {query}")
    if rows is not None and not rows.height:
        raise DataError("The rows to publish are none.", hint="give a frame that has some.")
    versions = _versions(workspace)
    view_name = str(data.get("view", ""))
    before = versions.newest(view_name) if view_name else None
    for field, value in _missing(data, view_name, rows, before, workspace).items():
        text, asked = texts.put(text, field, value), texts.add(asked, field, value)
    _read(asked, name, workspace)  # its lines are those that people count
    view = _read(text, name, workspace)
    if rows is not None and "source" in data:
        _require_kept(rows, before, workspace)
    if rows is not None and _same(view, rows, workspace):
        rows = None
    found = changes(before, view) if before is not None else ()
    number = _number(view, before, found, said="version" in data, versions=versions)
    if number != view.version:
        text = texts.put(text, "version", number)
        view = _read(text, name, workspace)
    target, proposal = _target(view, file, workspace)
    if target == file and file is not None:
        view = view.at(workspace.root, path=file)
    return Draft(text.lstrip("\n"), view, target, before, found, rows, query, proposal)


def _missing(
    data: Mapping[object, object],
    view: str,
    rows: pl.DataFrame | None,
    before: FeatureView | None,
    workspace: Workspace,
) -> dict[str, object]:
    """The fields that the document leaves out, and `rows` tell."""
    found: dict[str, object] = {}
    if rows is not None and "source" not in data:
        found["source"] = _place(view, rows, before, workspace)
    if rows is not None and not data.get("features"):
        found["features"] = _features(rows, data)
    return found


def _versions(workspace: Workspace) -> Versions:
    found = workspace.catalog.versions
    return (
        found
        if found is not None
        else Versions(workspace.root, workspace.folders, workspace.config.databases)
    )


def _read(text: str, name: str, workspace: Workspace) -> FeatureView:
    databases = _versions(workspace).databases
    return document.parse(text, FeatureView, name=name).at(workspace.root, databases=databases)


def _features(rows: pl.DataFrame, data: Mapping[object, object]) -> dict[str, str]:
    """A feature for each column that says nothing of which row it is: no key, no clock."""
    entities: Any = data.get("entities") or {}
    clocks = (data.get(field) for field in ("event_time", "known_at", "ties"))
    taken = {clock for clock in clocks if isinstance(clock, str)}
    for keys in entities.values() if isinstance(entities, dict) else [entities]:
        inner = keys.values() if isinstance(keys, dict) else keys
        taken |= {keys} if isinstance(keys, str) else {*inner}
    found: dict[str, str] = {}
    for column, dtype in rows.schema.items():
        kind = kind_of(dtype)
        if column in taken:
            continue
        if kind is None:
            raise DataError(
                f"The column {column!r} is {dtype}, and no feature can be.",
                hint="leave it out, or cast it to a number, a text or a UTC time.",
            )
        found[column] = kind
    if not found:
        raise ColumnMissingError(
            "The rows have keys and times, but no other column.", hint="a feature is one."
        )
    return found


def _place(view: str, rows: pl.DataFrame, before: FeatureView | None, workspace: Workspace) -> str:
    """Where the rows go: to those of the version before if they only add to them."""
    folder = workspace.config.sources
    if before is None:
        return f"{folder}/{view}.parquet"
    path = before.source.path if before.source is not None else None
    ours = path is not None and Path(path).name.startswith(f"{view}.")
    if path is not None and ours and _kept(path, rows, workspace):
        return path
    return f"{folder}/{view}.{before.version + 1}.parquet"


def _require_kept(rows: pl.DataFrame, before: FeatureView | None, workspace: Workspace) -> None:
    path = before.source.path if before is not None and before.source is not None else None
    if path is not None and not _kept(path, rows, workspace):
        raise PublicationError(
            f"{path} has rows that the new ones do not have, and a published version reads them.",
            hint="leave 'source' out: the new rows go to a file of their own.",
        )


def _kept(path: str, rows: pl.DataFrame, workspace: Workspace) -> bool:
    """Whether all rows of the file `path` are among `rows`, which may have more columns."""
    table = Files(Source(path=path), workspace.root, role="The version before")
    try:
        old = table.read()
    except SourceError:  # it is gone: nothing of it can be lost
        return True
    if not set(old.columns) <= set(rows.columns):
        return False
    new = rows.select(old.columns)
    if new.schema != old.schema:
        return False
    try:
        return old.join(new, on=old.columns, how="anti", nulls_equal=True).is_empty()
    except PolarsError:  # lists cannot be compared so
        return new.height >= old.height and new.head(old.height).equals(old)


def _same(view: FeatureView, rows: pl.DataFrame, workspace: Workspace) -> bool:
    """Whether the source has these very rows already."""
    path = view.source.path if view.source is not None else None
    if path is None or "://" in path or not (workspace.root / path).is_file():
        return False
    table = Files(Source(path=path), workspace.root, role="The source")
    return table.n_rows() == rows.height and table.content() == fingerprint(rows)


def _number(
    view: FeatureView,
    before: FeatureView | None,
    found: tuple[Change, ...],
    *,
    said: bool,
    versions: Versions,
) -> int:
    """The version that this is.

    One that takes something away, or changes it, must say so: who started from an older version
    would undo what others have published since.
    """
    if before is None:
        return view.version
    newest = before.version
    renewing = [one for one in found if one.renews]
    if not renewing and (not said or view.version == newest):
        return newest
    if said and view.version == newest + 1:
        return view.version
    breaking = [one for one in renewing if one.breaking]
    if not said and not breaking:
        return newest + 1
    if said and view.version not in (newest, newest + 1):
        raise PublicationError(
            f"Version {view.version} of {view.view} cannot be published: the newest is {newest}.",
            hint=f"say version: {newest + 1}, if this is what comes after it.",
        )
    last = [one.by for one in versions.records(view.view, newest) if one.by]
    by = f", published by {last[-1]}," if last else ""
    raise PublicationError(
        f"{view.view} was changed without a new version: against version {newest}{by} "
        f"{(breaking or renewing)[0]}.",
        hint=f"if that is meant, say version: {newest + 1}.",
    )


def _target(view: FeatureView, file: Path | None, workspace: Workspace) -> tuple[Path, Path | None]:
    """(the file of the view, the proposal that this is or None)."""
    proposal = None
    for folder in workspace.folders:
        if file is None or not file.is_relative_to(folder):
            continue
        if file.relative_to(folder).parts[0] not in PUBLISHED_ONLY:
            return file, None
        proposal = file
    there = {one.view: one.path for one in workspace.catalog.views}.get(view.view)
    return there or workspace.folders[0] / f"{view.view}.yaml", proposal
