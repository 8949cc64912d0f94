"""YAML documents checked by Pydantic: every error at once, each with its file, line and field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from proml_lab.errors import SpecError
from proml_lab.places import Places, Steps, dotted

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
_YAML = (
    (r"sequence entries are not allowed here", "a list entry ('- ') cannot stand here"),
    (r"mapping values are not allowed here", "a field (': ') cannot stand here"),
    (r"expected ',' or '(.)', but got .*", r"a '\1' or a ',' is missing"),
    (r"found unexpected end of stream", "a quotation mark is missing"),
    (r"found character '\\t' that .*", "a tab stands where spaces are needed"),
    (r"found character '(.)' that .*", r"a value that begins with '\1' must be quoted"),
    (r"found undefined alias .*", "a value that begins with '*' must be quoted"),
    (r"expected alphabetic or numeric .*", "a value that begins with '*' or '&' must be quoted"),
    (r"expected <block end>, but .*", "this line does not stand in line with those above it"),
    (r"could not find expected ':'", "a ': ' is missing after a field's name"),
    (r"expected the node content, but found '?(.*?)'?", r"a value is missing before '\1'"),
    (r"but found another document", "a second document begins here, and only one is allowed"),
    (r"found unknown escape character '(.)'", r"'\\\1' in double quotes; use single quotes"),
    (r"could not determine a constructor .*", "a value marked with '!' is not allowed"),
)


class Document(BaseModel):
    """Base of everything that is read from YAML: immutable, and no unknown field passes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    _places: Places = PrivateAttr(default_factory=Places)

    @property
    def places(self) -> Places:
        """Where the fields stand in the document this was read from; empty if it was not."""
        return self._places


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
    made._places = places
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
    node = _composed(text, name, example)
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
    problems = [text for _, text in _index(node, (field,), {})]
    if problems:
        return Entry(field, line, None, problems[0], "keep one of the two.")
    try:
        return Entry(field, line, yaml.safe_load(yaml.serialize(node)))
    except yaml.MarkedYAMLError as error:
        hint = "quote text that begins with '!' or '<<'."
        return Entry(field, line, None, f"{field!r} is not valid YAML: {_plain(error)}.", hint)
    except ValueError:
        said = " ".join(text for _, text in _unreadable(node, (field,)))
        return Entry(field, line, None, said, _DATES)


def mapping(text: str, *, name: str, example: str) -> tuple[dict[object, object], Places]:
    """One YAML document that is a mapping, and the line of each of its fields.

    `example` is a field that such a document may begin with, for the hint.

    Raises
    ------
    SpecError
        Broken YAML, no mapping, or a repeated key.
    """
    node = _composed(text, name, example)
    lines: dict[Steps, int] = {}
    problems = list(_index(node, (), lines))
    if problems:
        raise SpecError(
            "\n".join(f"{name}:{line}: {text}" for line, text in problems),
            hint="keep one of the two.",
        )
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SpecError(
            f"{name}:{where}: this is not valid YAML: {_plain(error)}.",
            hint="quote text that begins with '!' or '<<'.",
        ) from None
    except ValueError:
        raise SpecError(
            "\n".join(f"{name}:{line}: {text}" for line, text in _unreadable(node, ())),
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
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{path}: this file cannot be read as text: {error}.", hint="save it as UTF-8 text."
        ) from None


def _composed(text: str, name: str, example: str) -> yaml.MappingNode:
    """The tree of a document that is a mapping; raises SpecError."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SpecError(
            f"{name}:{line}: this is not valid YAML: {_plain(error)}.",
            hint="check the indentation and quote text that holds ': ' or '#'.",
        ) from None
    except yaml.YAMLError as error:
        raise SpecError(
            f"{name}:1: this is not valid YAML: {str(error).splitlines()[0]}.",
            hint="write plain text; take out characters that do not show.",
        ) from None
    if not isinstance(node, yaml.MappingNode):
        raise SpecError(
            f"{name}:1: the document is {_kind_of(node)}, not a mapping of fields.",
            hint=f"it starts with a field, such as '{example}'.",
        )
    return node


def _index(node: yaml.Node, path: Steps, lines: dict[Steps, int]) -> Iterator[tuple[int, str]]:
    """Note the line of every field below `node`; yield repeated keys."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, key.value)
            if below in lines:
                yield key.start_mark.line + 1, f"{dotted(below)}: this field stands twice."
            lines[below] = key.start_mark.line + 1
            yield from _index(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _index(value, (*path, i), lines)


def _unreadable(node: yaml.Node, path: Steps) -> Iterator[tuple[int, str]]:
    """Every value below `node` that looks like a date or number and is none."""
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                yield from _unreadable(value, (*path, key.value))
        case yaml.SequenceNode():
            for i, value in enumerate(node.value):
                yield from _unreadable(value, (*path, i))
        case _:
            try:
                yaml.safe_load(yaml.serialize(node))
            except ValueError as error:
                line = node.start_mark.line + 1
                yield line, f"{dotted(path)}: found {node.value!r}; {error}."


def _plain(error: yaml.MarkedYAMLError) -> str:
    """What the YAML reader says, in words that need no knowledge of it."""
    said = error.problem or error.context or ""
    for pattern, words in _YAML:
        match = re.fullmatch(pattern, said)
        if match:
            return match.expand(words)
    return said


def _told(
    error: ValidationError, kind: type[BaseModel], data: object, lines: Mapping[Steps, int]
) -> list[tuple[int, str]]:
    """(line, message) of each place that is wrong.

    Pydantic complains once for every branch of a union: of a place, one line is told, and
    nothing of a place that has a wrong place inside.
    """
    places: dict[Steps, list[ErrorDetails]] = {}
    for one in error.errors(include_url=False):
        path = _existing(one["loc"], data)
        if one["type"] == "missing":
            path = (*path, one["loc"][-1])
        places.setdefault(path, []).append(one)
    inner = {path[:n] for path in places for n in range(1, len(path))}
    return [
        (lines.get(path, lines.get(path[:-1], 1)), _describe(path, found, kind))
        for path, found in places.items()
        if path not in inner
    ]


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
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _kind_of(node: yaml.Node | None) -> str:
    if node is None:
        return "empty"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
