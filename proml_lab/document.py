"""YAML documents checked by Pydantic: every error at once, each with its file, line and field."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from proml_lab.errors import SpecError
from proml_lab.places import Places, Steps, dotted
from proml_lab.tree import compose, constructed, index, plain, unreadable

_HINT = "%proml help language lists every field and what it may be."
_NEEDED = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "a number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
    "string_type": "text",
    **dict.fromkeys(("list_type", "tuple_type"), "a list such as [a, b]"),
    **dict.fromkeys(("dict_type", "model_type"), "fields such as {name: value}"),
}
_DATE = "a date such as 2013-11-01"
_DATES = "a date is written 2013-11-01; a text that looks like one is quoted."
_LIMITS = {
    "greater_than_equal": "it must be at least {ge:,.12g}",
    "greater_than": "it must be more than {gt:,.12g}",
    "less_than_equal": "it must be at most {le:,.12g}",
    "less_than": "it must be less than {lt:,.12g}",
}


class Document(BaseModel):
    """Base of everything that is read from YAML: immutable, and no unknown field passes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    _places: Places = PrivateAttr(default_factory=Places)

    @property
    def places(self) -> Places:
        """Where the fields stand in the document this was read from; empty if it was not."""
        return self._places

    def _placed(self, places: Places) -> Places:
        """`places`, and those of fields that were made of others."""
        return places


class FieldError(ValueError):
    """What a validator says of a field further below, at `path` from what it validates."""

    def __init__(self, message: str, *path: int | str) -> None:
        super().__init__(message)
        self.path = path


T = TypeVar("T", bound=Document)


def parse(text: str, kind: type[T], *, name: str) -> T:
    """Read one YAML document into `kind`.

    Parameters
    ----------
    text
        YAML 1.1, one document, read by the safe loader: no tag makes an object.
    kind
        The Pydantic model to fill.
    name
        What to call the document in messages, usually its path.

    Raises
    ------
    SpecError
        Broken YAML, a repeated key, or wrong fields: one line an error, ``name:line: field: …``.
    """
    data, places = mapping(text, name=name, example=f"{next(iter(kind.model_fields))}: …")
    try:
        made = kind.model_validate(data)
    except ValidationError as error:
        found = sorted(_told(error, kind, data, places.lines))
        said = "\n".join(f"{name}:{line}: {text}" for line, text in found)
        raise SpecError(said, hint=_HINT) from None
    made._places = made._placed(places)
    return made


@dataclass(frozen=True)
class Entry:
    """A field at the top of a document: `value`, or what is wrong with it and a hint."""

    name: str
    line: int
    value: object = None
    problem: str = ""
    hint: str = ""


def entries(text: str, *, name: str, example: str) -> list[Entry]:
    """The fields of one YAML document that is a mapping, each read by itself.

    A field that stands twice, or whose value cannot be read, has a `problem`; the others do not
    suffer from it. Names are texts, as they are written.

    Raises
    ------
    SpecError
        Broken YAML, or no mapping.
    """
    node = compose(text, name, example)
    lines: dict[str, list[int]] = {}
    for key, _ in node.value:
        lines.setdefault(str(key.value), []).append(key.start_mark.line + 1)
    yaml.SafeLoader("").flatten_mapping(node)
    found: dict[str, Entry] = {}
    for key, value in node.value:
        field = str(key.value)
        first, *others = lines.get(field, [key.start_mark.line + 1])
        if others:
            said = f"{field!r} stands twice, in line {first} too."
            found[field] = Entry(field, others[-1], None, said, "keep one of the two.")
        else:
            found[field] = _entry(field, first, value)
    return list(found.values())


def _entry(field: str, line: int, node: yaml.Node) -> Entry:
    problems = [text for _, text in index(node, (field,), {})]
    if problems:
        return Entry(field, line, None, problems[0], "keep one of the two.")
    try:
        return Entry(field, line, yaml.safe_load(yaml.serialize(node)))
    except yaml.MarkedYAMLError as error:
        hint = "quote text that begins with '!' or '<<'."
        return Entry(field, line, None, f"{field!r} is not valid YAML: {plain(error)}.", hint)
    except ValueError:
        said = " ".join(text for _, text in unreadable(node, (field,)))
        return Entry(field, line, None, said, _DATES)


def mapping(text: str, *, name: str, example: str) -> tuple[dict[object, object], Places]:
    """One YAML document that is a mapping, and the line of each of its fields.

    `example` is a field that such a document may begin with, for the hint.

    Raises
    ------
    SpecError
        Broken YAML, no mapping, or a repeated key.
    """
    node = compose(text, name, example)
    lines: dict[Steps, int] = {}
    problems = list(index(node, (), lines))
    if problems:
        raise SpecError(
            "\n".join(f"{name}:{line}: {text}" for line, text in problems),
            hint="keep one of the two.",
        )
    try:
        data = constructed(node)
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SpecError(
            f"{name}:{where}: this is not valid YAML: {plain(error)}.",
            hint="quote text that begins with '!' or '<<'.",
        ) from None
    except ValueError:
        raise SpecError(
            "\n".join(f"{name}:{line}: {text}" for line, text in unreadable(node, ())),
            hint=_DATES,
        ) from None
    return data, Places(name, lines)


def validate(data: Mapping[str, object], kind: type[T], *, name: str, hint: str = "") -> T:
    """The same check for data that is already in memory; messages carry fields, no lines."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        found = dict.fromkeys(text for _, text in _told(error, kind, data, {}))
        raise SpecError("\n".join(f"{name}: {text}" for text in found), hint=hint) from None


def read(path: Path, kind: type[T]) -> T:
    """Read the YAML document in the file `path`; see `parse`."""
    return parse(read_text(path), kind, name=str(path))


def read_text(path: Path) -> str:
    """The text of the file `path`; raises SpecError where there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file.", hint="check the path.") from None
    except OSError as error:
        raise SpecError(
            f"{path}: this file cannot be read: {error.strerror}.",
            hint="check that it is a file, and that this user may read it.",
        ) from None
    except UnicodeDecodeError as error:
        raise SpecError(
            f"{path}: this file cannot be read as text: {error}.", hint="save it as UTF-8 text."
        ) from None


def _told(
    error: ValidationError, kind: type[BaseModel], data: object, lines: Mapping[Steps, int]
) -> list[tuple[int, str]]:
    """(line, message) of each place that is wrong.

    Pydantic complains once for every branch of a union: of a place, one line is told, and
    nothing of a place that has a wrong place inside.
    """
    places: dict[Steps, list[ErrorDetails]] = {}
    for one in error.errors(include_url=False):
        path = _existing((*one["loc"], *_below(one)), data)
        if one["type"] == "missing":
            path = (*path, one["loc"][-1])
        places.setdefault(path, []).append(one)
    inner = {path[:n] for path in places for n in range(1, len(path))}
    return [
        (lines.get(path, lines.get(path[:-1], 1)), _describe(path, found, kind))
        for path, found in places.items()
        if path not in inner
    ]


def _below(error: ErrorDetails) -> Steps:
    """The way on to the field that a validator of the whole complains of."""
    raised = error.get("ctx", {}).get("error")
    return raised.path if isinstance(raised, FieldError) else ()


def _describe(path: Steps, found: list[ErrorDetails], kind: type[BaseModel]) -> str:
    """What is wrong at `path`, in our words: field, found, allowed."""
    field = dotted(path) or "document"
    needs = sorted({need for one in found if (need := _need(one["type"]))}, key=_fields_last)
    others = [one for one in found if not _need(one["type"])]
    if not others:
        verb = "are" if _fields_last(needs[-1]) else "is"
        return f"{field}: found {_shown(found[0]['input'])}; {' or '.join(needs)} {verb} needed."
    error = others[0]
    given, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return f"{field}: unknown field; {_nearest(kind, path)}"
        case "missing":
            return f"{field}: this field is missing."
        case "literal_error" | "enum":
            return f"{field}: found {given!r}, allowed are {context['expected']}."
        case "value_error":
            return f"{field}: " + str(context["error"]).replace(".\nHint: ", "; ")
        case "too_short":
            n = context["min_length"]
            return f"{field}: at least {n} {'entry is' if n == 1 else 'entries are'} needed."
        case limit if limit in _LIMITS:
            return f"{field}: found {_shown(given)}; {_LIMITS[limit].format(**context)}."
        case _:
            message = error["msg"][0].lower() + error["msg"][1:]
            return f"{field}: found {_shown(given)}; {message}."


def _need(kind: str) -> str | None:
    """What a value should have been, for errors about its type."""
    return _DATE if kind.startswith(("date_", "datetime_")) else _NEEDED.get(kind)


def _fields_last(need: str) -> bool:
    return need.startswith("fields")


def _existing(loc: Steps, data: object) -> Steps:
    """The part of Pydantic's location that is in the document: union branches drop out."""
    path: list[int | str] = []
    here: Any = data
    for step in loc:
        inside = isinstance(here, Mapping) and step in here
        if inside or (isinstance(here, list) and isinstance(step, int) and step < len(here)):
            here = here[step]
        else:
            continue
        path.append(step)
    return tuple(path)


def _nearest(kind: type[BaseModel], path: Steps) -> str:
    fields = sorted(_fields_at(kind, path[:-1]))
    near = difflib.get_close_matches(str(path[-1]), fields, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"allowed are {', '.join(fields)}."


def _fields_at(kind: type[BaseModel], path: Steps) -> set[str]:
    """Names of the fields allowed in the mapping at `path`, from the JSON schema."""
    schema = kind.model_json_schema()
    definitions = schema.get("$defs", {})

    def options(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "$ref" in part:
            yield from options(definitions[part["$ref"].rsplit("/", 1)[-1]])
            return
        yield part
        for branch in [*part.get("anyOf", []), *part.get("oneOf", []), *part.get("allOf", [])]:
            yield from options(branch)

    here = list(options(schema))
    for step in path:
        below: list[dict[str, Any]] = []
        for part in here:
            if isinstance(step, int):
                inner = part.get("items")
            else:
                inner = part.get("properties", {}).get(step) or part.get("additionalProperties")
            if isinstance(inner, dict):
                below.extend(options(inner))
        here = below
    return {field for part in here for field in part.get("properties", {})}


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
