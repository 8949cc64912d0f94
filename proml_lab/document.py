"""YAML documents checked by Pydantic: every error at once, each with its file, line and field."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from proml_lab.errors import SpecError

Steps = tuple[int | str, ...]
T = TypeVar("T", bound=BaseModel)

_HINT = "docs/language.md lists every field and what it may be."
_NEEDED = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number is needed"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "a number is needed"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false is needed"),
    **dict.fromkeys(("dict_type", "model_type"), "fields are needed, such as {name: value}"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list is needed, such as [a, b]"),
    "string_type": "text is needed",
}


class Document(BaseModel):
    """Base of everything that is read from YAML: immutable, and no unknown field passes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


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
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SpecError(
            f"{name}:{line}: this is not valid YAML: {error.problem or error.context}.",
            hint="check the indentation and quote text that holds ': ' or '#'.",
        ) from None
    except yaml.YAMLError as error:
        raise SpecError(f"{name}:1: this is not valid YAML: {error}.") from None
    if not isinstance(node, yaml.MappingNode):
        raise SpecError(
            f"{name}:1: the document is {_kind_of(node)}, not a mapping of fields.",
            hint=f"it starts with a field, such as '{next(iter(kind.model_fields))}: …'.",
        )
    lines: dict[Steps, int] = {}
    problems = list(_index(node, (), lines))
    if problems:
        raise SpecError(
            "\n".join(f"{name}:{line}: {text}" for line, text in problems),
            hint="keep one of the two.",
        )
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or error
        raise SpecError(f"{name}:{where}: this is not valid YAML: {problem}.") from None
    except ValueError as error:
        raise SpecError(f"{name}: a value cannot be read: {error}.") from None
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        found = sorted({_describe(e, kind, data, lines) for e in error.errors(include_url=False)})
        said = "\n".join(f"{name}:{line}: {text}" for line, text in found)
        raise SpecError(said, hint=_HINT) from None


def validate(data: Mapping[str, object], kind: type[T], *, name: str) -> T:
    """The same check for data that is already in memory; messages carry fields, no lines."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        found = [_describe(e, kind, data, {})[1] for e in error.errors(include_url=False)]
        raise SpecError("\n".join(f"{name}: {text}" for text in dict.fromkeys(found))) from None


def read(path: Path, kind: type[T]) -> T:
    """Read the YAML document in the file `path`; see `parse`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file.", hint="check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: this file cannot be read as text: {error}.") from None
    return parse(text, kind, name=str(path))


def _index(node: yaml.Node, path: Steps, lines: dict[Steps, int]) -> Iterator[tuple[int, str]]:
    """Note the line of every field below `node`; yield repeated keys."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, key.value)
            if below in lines:
                yield key.start_mark.line + 1, f"{_dotted(below)}: this field stands twice."
            lines[below] = key.start_mark.line + 1
            yield from _index(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _index(value, (*path, i), lines)


def _describe(
    error: ErrorDetails, kind: type[BaseModel], data: object, lines: Mapping[Steps, int]
) -> tuple[int, str]:
    """(line, message) of one Pydantic error, in our words: field, found, allowed."""
    path = _existing(tuple(error["loc"]), data)
    line = lines.get(path, lines.get(path[:-1], 1))
    field = _dotted(path) or "document"
    given = error["input"]
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return line, f"{field}: unknown field; {_nearest(kind, path)}"
        case "missing":
            missing = _dotted((*path, error["loc"][-1])) if path != error["loc"] else field
            return line, f"{missing}: this field is missing."
        case "literal_error" | "enum":
            return line, f"{field}: found {given!r}, allowed are {context['expected']}."
        case "value_error":
            reason = str(context["error"]).replace("\nHint: ", " ")
            return line, f"{field}: {reason}"
        case _:
            message = _NEEDED.get(error["type"]) or error["msg"][0].lower() + error["msg"][1:]
            return line, f"{field}: found {_shown(given)}; {message}."


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


def _dotted(path: Steps) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _kind_of(node: yaml.Node | None) -> str:
    if node is None:
        return "empty"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
