"""A Feast repository: its entities and feature views, as files of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePosixPath

import polars as pl

from proml_lab import document
from proml_lab.duration import show_duration
from proml_lab.errors import ProMLError
from proml_lab.marketplace.draft.definitions import Made, Symbol, read
from proml_lab.marketplace.draft.folder import Left
from proml_lab.marketplace.draft.guess import SAMPLE, known_at
from proml_lab.marketplace.draft.page import Page, features, identifier, word
from proml_lab.marketplace.kind import kind_of
from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.source.files import Files
from proml_lab.words import counted

STORE = "feature_store.yaml"
"""The file that every Feast repository has."""
_VIEWS = ("FeatureView", "BatchFeatureView", "StreamFeatureView", "LabelView")
_PLAIN = {
    **dict.fromkeys(("Int32", "Int64", "Int8", "Int16", "INT32", "INT64"), "integer"),
    **dict.fromkeys(("Float32", "Float64", "FLOAT", "DOUBLE"), "float"),
    **dict.fromkeys(("String", "STRING", "Uuid", "TimeUuid"), "string"),
    **dict.fromkeys(("Bool", "BOOL"), "boolean"),
    **dict.fromkeys(("UnixTimestamp", "UNIX_TIMESTAMP"), "time"),
}
_TOLD = {
    "OnDemandFeatureView": "its Python would have to run; write it as a derived view, with SQL",
    "on_demand_feature_view": "its Python would have to run; write it as a derived view, with SQL",
    "batch_feature_view": "its Python would have to run; write its rows with a job of your own",
    "stream_feature_view": "its Python would have to run; write its rows with a job of your own",
    "RequestSource": "what is known with a request only; it is a column of the spine",
    "FeatureService": "a list of features, which is what 'features' of a model spec is",
    "SavedDataset": "a dataset; make it again: proml dataset",
    "ValidationReference": "a check of Feast's own",
}
_HEAD = "# Drafted from {place}: look at it, then set status: active.\n"


@dataclass
class _Found:
    """What is taken, and what is not."""

    pages: list[Page] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def pages(repo: Path, root: Path) -> tuple[list[Page], list[Left]]:
    """The files of entities and views for the repository `repo`, and what cannot be taken.

    Sources are relative to the workspace `root`. Where a view or field cannot be taken, what is
    left is; each gap is told with its place.

    Raises
    ------
    SpecError
        ``feature_store.yaml``, or a file of definitions, cannot be read.
    """
    store, _ = document.mapping(
        document.read_text(repo / STORE), name=str(repo / STORE), example="project: shop"
    )
    made = read(repo)
    project = next((one for one in made if one.kind == "Project"), None)
    name = store.get("project") or (project.get("name", 0) if project else "") or repo.name
    group = word(str(name))
    found = _Found()
    views = [one for one in made if one.kind in _VIEWS]
    types = _key_types(views, repo)
    for one in made:
        if one.kind == "Entity":
            _entity(one, types, found)
    for one in views:
        _view(one, group, repo, root, found)
    for one in made:
        if one.kind in _TOLD:
            name = one.get("name", 0)
            found.left.append((f"{one.kind} {_shown(name)} ({one.place})", _TOLD[one.kind]))
    return found.pages, found.left


def _entity(made: Made, types: Mapping[str, str], found: _Found) -> None:
    name, keys = made.get("name", 0), _keys(made)
    if not isinstance(name, str) or not keys:
        found.left.append(
            (f"Entity ({made.place})", "its name or keys are worked out when it runs")
        )
        return
    said = made.get("value_type")
    declared = _PLAIN.get(said.last) if isinstance(said, Symbol) else None
    kinds = {key: types.get(key) or declared for key in keys}
    if not all(kind in ("integer", "string") for kind in kinds.values()):
        why = "the type of its key is not known; its views name the key alone"
        found.left.append((f"Entity {name} ({made.place})", why))
        return
    fields: dict[str, object] = {"entity": word(name)}
    _people(made, fields)
    fields["keys"] = kinds
    head = f"# Drafted from {made.place}.\n"
    found.pages.append(Page(f"entities/{word(name)}", fields, head=head))


def _keys(made: Made) -> list[str]:
    keys = made.get("join_keys", 1)
    if isinstance(keys, list):
        return [key for key in keys if isinstance(key, str)]
    name = made.get("join_key") or made.get("name", 0)
    return [name] if isinstance(name, str) else []


def _key_types(views: Iterable[Made], repo: Path) -> dict[str, str]:
    """The types of key columns, as the data has them."""
    found: dict[str, str] = {}
    for view in views:
        schema = _schema(_batch(view.get("source")), repo)
        for entity in _entities(view):
            for key in _keys(entity):
                kind = kind_of(schema[key]) if key in schema else None
                if kind is not None:
                    found.setdefault(key, kind)
    return found


def _entities(view: Made) -> list[Made]:
    given = view.get("entities")
    return [one for one in given if isinstance(one, Made)] if isinstance(given, list) else []


def _view(made: Made, group: str, repo: Path, root: Path, found: _Found) -> None:
    name = made.get("name", 0)
    what = f"{made.kind} {_shown(name)} ({made.place})"
    source, entities = _batch(made.get("source")), _entities(made)
    place = _place(source, repo)
    problem = ""
    if not isinstance(name, str):
        problem = "its name is worked out when it runs"
    elif source is None:
        problem = "its source cannot be told without running the file"
    elif place is None:
        problem = f"its source is {source.kind}, and only FileSource is taken"
    elif not entities or len(entities) < len(made.get("entities")):  # type: ignore[arg-type]
        problem = "it has no entity that can be told"
    if problem or source is None or place is None:
        found.left.append((what, problem))
        return
    fields: dict[str, object] = {"view": f"{group}.{word(str(name))}"}
    _people(made, fields)
    fields |= {"status": "draft", "source": ""}
    taken = {page.fields.get("entity") for page in found.pages}
    keys = [key for entity in entities for key in _keys(entity)]
    names = {word(str(one.get("name", 0))): _keys(one) for one in entities}
    fields["entities"] = {
        kind: own[0] if len(own) == 1 else own for kind, own in names.items()
    } if set(names) <= taken else keys  # fmt: skip
    schema = _schema(source, repo)
    notes = _clocks(source, repo, made, fields)
    used = [fields.get(clock) for clock in ("event_time", "known_at")]
    fields["source"] = _source(source, place, root, [schema.get(str(one)) for one in used])
    notes += _repeated(place, [*keys, *(str(one) for one in used if one)])
    clocks = {fields.get(clock) for clock in ("event_time", "known_at")} | {
        _column(source, "created_timestamp_column")
    }
    fields["features"], left = _features(made, source, schema, {*keys, *clocks})
    if not fields["features"]:
        found.left.append((what, "none of its features can be taken: " + "; ".join(left)))
        return
    head = _HEAD.format(place=made.place)
    found.pages.append(Page(str(fields["view"]), fields, {}, tuple(notes), tuple(left), head))


def _people(made: Made, fields: dict[str, object]) -> None:
    """Description, owner and tags."""
    about, owner, tags = made.get("description"), made.get("owner"), made.get("tags")
    said = {k: v for k, v in tags.items() if isinstance(k, str)} if isinstance(tags, dict) else {}
    team = said.get("team") or said.get("owner")
    if isinstance(about, str) and about:
        fields["description"] = " ".join(about.split())
    if owner or team:
        fields["owner"] = str(owner or team)
    if said:
        fields["tags"] = [f"{key}:{value}" for key, value in said.items()]


def _batch(source: object) -> Made | None:
    """The source that holds the history, behind one of pushes or streams."""
    if not isinstance(source, Made):
        return None
    if source.kind in ("PushSource", "KafkaSource", "KinesisSource"):
        return _batch(source.get("batch_source"))
    return source


def _place(source: Made | None, repo: Path) -> str | None:
    """The path or address of a FileSource."""
    path = source.get("path") if source is not None and source.kind == "FileSource" else None
    if not isinstance(path, str | PurePosixPath):
        return None
    return str(path) if "://" in str(path) else str((repo / path).resolve())


def _repeated(place: str, columns: list[str]) -> list[str]:
    """What is to be done where several rows have the same keys and times."""
    try:
        table = Files(Source(path=place), Path(), role="The source")
        rows = table.scan().select(columns).head(SAMPLE).collect()
    except (ProMLError, pl.exceptions.PolarsError, OSError):
        return []
    n = rows.height - rows.n_unique()
    if not n:
        return []
    return [
        f"{counted(n, 'row')} too many: {' and '.join(columns)} are those of another row; a join "
        f"that meets them is refused until one of each is kept, such as by "
        f"rows.unique({columns!r}, keep='last')"
    ]


def _source(source: Made, place: str, root: Path, clocks: Iterable[pl.DataType | None]) -> object:
    inside = "://" not in place and Path(place).is_relative_to(root)
    path = str(Path(place).relative_to(root)) if inside else place
    kind = source.get("file_format")
    if isinstance(kind, Made) and kind.kind == "DeltaFormat":
        return {"delta": path}
    naive = [one for one in clocks if isinstance(one, pl.Datetime) and one.time_zone is None]
    return {"path": path, "time_zone": "UTC"} if naive else path


def _schema(source: Made | None, repo: Path) -> Mapping[str, pl.DataType]:
    """The columns of a source, if it can be read."""
    place = _place(source, repo)
    if place is None:
        return {}
    try:
        return Files(Source(path=place), Path(), role="The source").schema()
    except ProMLError:
        return {}


def _column(source: Made, name: str) -> str | None:
    value = source.get(name) or (source.get("event_timestamp_column") if "field" in name else None)
    return value if isinstance(value, str) and value else None


def _clocks(source: Made, repo: Path, made: Made, fields: dict[str, object]) -> list[str]:
    """Put the clocks into `fields`; what there is to know of them."""
    event, created = _column(source, "timestamp_field"), _column(source, "created_timestamp_column")
    notes = []
    if event is not None:
        fields["event_time"] = event
    if event is not None and created is not None:
        found = _known(source, repo, event, created)
        if found:
            notes.append(found)
        else:
            fields["known_at"] = created
    length = made.get("ttl")
    if event is not None and isinstance(length, timedelta) and length > timedelta(0):
        fields["time_to_live"] = show_duration(length)
    return notes


def _known(source: Made, repo: Path, event: str, created: str) -> str:
    """Why the column of creation is no known-at, or nothing if it is."""
    place = _place(source, repo)
    try:
        table = Files(Source(path=place), Path(), role="The source")
        rows = table.scan().select(event, created).head(SAMPLE).collect()
        return "" if (found := known_at(rows, event, created)).columns else found.why
    except (ProMLError, pl.exceptions.PolarsError, OSError):
        return f"{created} is no known_at: the rows cannot be read, so nothing speaks for it"


def _features(
    made: Made, source: Made, schema: Mapping[str, pl.DataType], taken: set[object]
) -> tuple[dict[str, object], list[str]]:
    """The features of a view, and why others are none."""
    given = made.get("schema") or made.get("features")
    fields = [one for one in given if isinstance(one, Made)] if isinstance(given, list) else []
    if not fields:
        return features(schema, [str(one) for one in taken])
    mapping = source.get("field_mapping")
    back = {new: old for old, new in mapping.items()} if isinstance(mapping, dict) else {}
    found: dict[str, object] = {}
    left = []
    for one in fields:
        name, said = one.get("name", 0), one.get("dtype", 1)
        if not isinstance(name, str) or name in taken:
            continue
        type_ = _type(said)
        if type_ is None:
            left.append(f"{name} is {_shown(said)}, which no feature can be")
            continue
        body: dict[str, object] = {"type": type_}
        about = one.get("description")
        if isinstance(about, str) and about:
            body["description"] = " ".join(about.split())
        if back.get(name, name) != identifier(name):
            body["column"] = back.get(name, name)
        found[identifier(name)] = type_ if len(body) == 1 else body
    return found, left


def _type(said: object) -> str | None:
    if isinstance(said, Symbol):
        return _PLAIN.get(said.last)
    if isinstance(said, Made) and said.kind in ("Array", "List"):
        inner = _type(said.get("base_type", 0))
        return f"list[{inner}]" if inner in _PLAIN.values() else None
    return None


def _shown(value: object) -> str:
    match value:
        case Symbol():
            return value.last
        case Made():
            return re.sub(r"^.*\.", "", value.kind)
        case None:
            return "without a name"
    return str(getattr(value, "text", value))
