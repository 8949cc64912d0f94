"""A plain folder of Parquet, CSV or Arrow files: a drafted view for each table in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from proml_lab.errors import SourceError
from proml_lab.marketplace.draft.guess import SAMPLE, Guesses, Sample, guess
from proml_lab.marketplace.draft.page import Page, features, word
from proml_lab.marketplace.source.definition import ENDINGS, Source
from proml_lab.marketplace.source.files import Files
from proml_lab.marketplace.source.naming import source_name

Left = tuple[str, str]
"""What could not be taken, and why."""


def pages(folder: Path, root: Path, known: Iterable[str]) -> tuple[list[Page], list[Left]]:
    """The files of entities and views for the tables in `folder`, and what cannot be taken.

    Parameters
    ----------
    folder
        Files directly in it are tables; so are folders in it that hold nothing but files of one
        kind, at any depth.
    root
        The workspace, that sources are relative to.
    known
        Sources, relative to the workspace, that have a view already.
    """
    samples, left = _samples(folder, root, set(known))
    guesses = {
        one.name: guess(one, [other for other in samples if other is not one]) for one in samples
    }
    left += [(one.path, guesses[one.name].problem) for one in samples if guesses[one.name].problem]
    good = [one for one in samples if not guesses[one.name].problem]
    kinds = _entities(good, guesses)
    group = word(folder.resolve().name)
    made = [_entity(key, *kind) for key, kind in kinds.items()]
    made += [_view(one, guesses[one.name], f"{group}.{word(one.name)}", kinds) for one in good]
    return made, left


def _samples(folder: Path, root: Path, known: set[str]) -> tuple[list[Sample], list[Left]]:
    found, left = [], []
    for place in sorted(folder.iterdir()):
        name = source_name(place)
        if name is None or (place.is_dir() and not _is_table(place)):
            continue
        path = str((folder.resolve() / place.name).relative_to(root))
        if not _is_text(path):
            shown = os.fsencode(path).decode(errors="replace")
            left.append((shown, "its name is no UTF-8 text; rename it"))
            continue
        if path in known:
            left.append((path, "it has a view already"))
            continue
        table = Files(Source(path=path), root, role=f"The table {path}")
        try:
            rows = table.scan().head(SAMPLE).collect()
        except SourceError as error:
            left.append((path, error.message))
            continue
        except (pl.exceptions.PolarsError, OSError) as error:
            left.append((path, table.failed(error).message))
            continue
        if rows.height:
            found.append(Sample(name, path, rows))
        else:
            left.append((path, "it has no rows"))
    return found, left


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_table(folder: Path) -> bool:
    """Whether there are files of rows in it, and no others."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    shown = [file.name.lower() for file in files if not file.name.startswith((".", "_"))]
    return bool(shown) and all(name.endswith(tuple(ENDINGS)) for name in shown)


def _entities(
    samples: list[Sample], guesses: Mapping[str, Guesses]
) -> dict[str, tuple[str, str, int]]:
    """Key columns of several tables, and the (name, type, tables) of the entity of each."""
    counted = Counter(key for one in samples for key in guesses[one.name].keys.columns)
    found: dict[str, tuple[str, str, int]] = {}
    for key, n in counted.items():
        types = {
            "integer" if one.rows.schema[key].is_integer() else "string"
            for one in samples
            if key in guesses[one.name].keys.columns
        }
        name = word(key.removesuffix("_id").removesuffix("Id")) or key
        if n > 1 and len(types) == 1 and name not in [kind[0] for kind in found.values()]:
            found[key] = (name, types.pop(), n)
    return found


def _entity(key: str, name: str, type_: str, n: int) -> Page:
    fields = {"entity": name, "keys": {key: type_}}
    return Page(f"entities/{name}", fields, {"entity": f"{key} is a key of {n} tables"})


def _view(
    sample: Sample, found: Guesses, name: str, kinds: Mapping[str, tuple[str, str, int]]
) -> Page:
    keys = {kinds[key][0] if key in kinds else key: key for key in found.keys.columns}
    source: object = sample.path
    if found.time_zone.columns:
        source = {"path": sample.path, "time_zone": found.time_zone.columns[0]}
    fields: dict[str, object] = {"view": name, "status": "draft", "source": source}
    fields["entities"] = list(keys) if all(k == v for k, v in keys.items()) else keys
    guesses = {"entities": found.keys.why}
    if found.time_zone.columns:
        guesses["source"] = f"the time zone: {found.time_zone.why}"
    for field, one in (("event_time", found.event_time), ("known_at", found.known_at)):
        if one.columns:
            fields[field] = one.columns[0]
            guesses[field] = one.why
    clocks = (*found.event_time.columns, *found.known_at.columns)
    schema = _kinds(sample.rows, found)
    fields["features"], left = features(schema, (*found.keys.columns, *clocks))
    if not fields["features"]:
        only = clocks[0] if clocks else found.keys.columns[0]
        fields["features"], _ = features({only: schema[only]}, ())
    return Page(name, fields, guesses, found.notes, tuple(left))


def _kinds(rows: pl.DataFrame, found: Guesses) -> dict[str, object]:
    """The columns as the source gives them: times in UTC where a time zone was guessed."""
    zone = found.time_zone.columns
    return {
        name: pl.Datetime("us", "UTC") if zone and isinstance(kind, pl.Datetime) else kind
        for name, kind in rows.schema.items()
    }
