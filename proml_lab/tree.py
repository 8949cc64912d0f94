"""The tree of a YAML document: read with care, with the line of each field and what is wrong."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import yaml

from proml_lab.errors import SpecError
from proml_lab.places import Steps, dotted

_DEEPEST = 50
_MOST = 1_000_000
_FEW_LEVELS = 500
_PAIR = re.compile(r"[\[{][^\[\]{}\"'\n]*[\]}]")
"""Brackets that hold no others; quotes might hide one that closes them."""
_MARKS = re.compile(r"^[ ?-]+", re.MULTILINE)
_FAST: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML = (
    (r"sequence entries are not allowed here", "a list entry ('- ') cannot stand here"),
    (r"mapping values are not allowed here", "a field (': ') cannot stand here"),
    (r"expected ',' or '(.)', but got .*", r"a '\1' or a ',' is missing"),
    (r"found unexpected end of stream", "a quotation mark is missing"),
    (r"found character '\\t' that .*", "a tab stands where spaces are needed"),
    (r"found character '(.)' that .*", r"a value that begins with '\1' must be quoted"),
    (r"found undefined alias .*", "a value that begins with '*' must be quoted"),
    (
        r"expected alphabetic or numeric .*",
        "a value that begins with '*', '&' or '%' must be quoted",
    ),
    (r"expected <block end>, but .*", "this line does not stand in line with those above it"),
    (r"could not find expected ':'", "a ': ' is missing after a field's name"),
    (r"expected the node content, but found '<.* end>'", "the end of a list or mapping is missing"),
    (r"expected the node content, but found '?(.*?)'?", r"a value is missing before '\1'"),
    (r"but found another document", "a second document begins here, and only one is allowed"),
    (r"found unknown escape character '(.)'", r"'\\\1' in double quotes; use single quotes"),
    (r"could not determine a constructor .*", "a value marked with '!' is not allowed"),
)


def compose(text: str, name: str, example: str) -> yaml.MappingNode:
    """The tree of a document that is a mapping; raises SpecError."""
    try:
        node = _tree(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        if re.search(r"^(<{7}|={7}|>{7})", text, re.MULTILINE):
            raise SpecError(
                f"{name}:{line}: a merge of git was left unfinished here.",
                hint="choose one of the two texts, and take out the lines of <<<<<<<, ======= and "
                ">>>>>>>.",
            ) from None
        raise SpecError(
            f"{name}:{line}: this is not valid YAML: {plain(error)}.",
            hint="check the indentation and quote text that holds ': ' or '#', inside braces also "
            "brackets: {type: 'list[string]'}.",
        ) from None
    except RecursionError:
        raise _too_much(name) from None
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
    _require_size(node, name)
    return node


def constructed(node: yaml.MappingNode) -> dict[object, object]:
    """What the tree of a document says; raises ValueError and yaml.MarkedYAMLError."""
    found: dict[object, object] = yaml.SafeLoader("").construct_document(node)
    return found


def index(node: yaml.Node, path: Steps, lines: dict[Steps, int]) -> Iterator[tuple[int, str]]:
    """Note the line of every field below `node`; yield repeated keys."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, key.value)
            if below in lines:
                yield key.start_mark.line + 1, f"{dotted(below)}: this field stands twice."
            lines[below] = key.start_mark.line + 1
            yield from index(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from index(value, (*path, i), lines)


def unreadable(node: yaml.Node, path: Steps) -> Iterator[tuple[int, str]]:
    """Every value below `node` that looks like a date or number and is none."""
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                yield from unreadable(value, (*path, key.value))
        case yaml.SequenceNode():
            for i, value in enumerate(node.value):
                yield from unreadable(value, (*path, i))
        case _:
            try:
                yaml.safe_load(yaml.serialize(node))
            except ValueError as error:
                line = node.start_mark.line + 1
                yield line, f"{dotted(path)}: found {node.value!r}; {error}."


def plain(error: yaml.MarkedYAMLError) -> str:
    """What the YAML reader says, in words that need no knowledge of it."""
    said = error.problem or error.context or ""
    for pattern, words in _YAML:
        match = re.fullmatch(pattern, said)
        if match:
            return match.expand(words)
    return said


def _tree(text: str) -> yaml.Node | None:
    """The tree, by libyaml where it is there; what is wrong is told by the reader in Python.

    libyaml follows brackets and marks of lists as deep as they go, whatever the stack can hold.
    """
    nested = _PAIR.sub("", _PAIR.sub("", text))  # most are closed on their line: {type: float}
    brackets = nested.count("[") + nested.count("{")
    marks = max((len(line) for line in _MARKS.findall(text)), default=0)
    if brackets <= _FEW_LEVELS and marks <= _FEW_LEVELS:
        with contextlib.suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=_FAST)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _require_size(node: yaml.Node, name: str) -> None:
    """Raises SpecError for a document of too many parts, aliases counted as what they mean."""
    here = [node]
    for _ in range(_DEEPEST):
        below: list[yaml.Node] = []
        for one in here:
            if isinstance(one, yaml.MappingNode):
                below += [part for pair in one.value for part in pair]
            elif isinstance(one, yaml.SequenceNode):
                below += one.value
            if len(below) > _MOST:
                raise _too_much(name)
        if not below:
            return
        here = below
    raise _too_much(name)


def _too_much(name: str) -> SpecError:
    return SpecError(
        f"{name}:1: this has more than {_DEEPEST} levels, or {_MOST:,} fields on one of them.",
        hint="a document has a few levels; look for brackets that are not closed, and aliases.",
    )


def _kind_of(node: yaml.Node | None) -> str:
    if node is None:
        return "empty"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
