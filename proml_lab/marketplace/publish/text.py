"""The text of a view's file: fields are put in and taken out, all else stays as it was written."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from proml_lab.errors import SpecError

_WIDE = 10_000


def put(text: str, field: str, value: object) -> str:
    """`text` with ``field: value`` in place of what it says, else below its first line's field.

    A mapping, such as the features, is put at the end, one line an entry.

    Raises
    ------
    SpecError
        The document stands in braces, so that no line can be put in.
    """
    lines = text.splitlines()
    new = _lines(field, value)
    spans = _spans(text)
    if field in spans:
        first, last = spans[field]
        lines[first:last] = new
    elif isinstance(value, Mapping):
        lines += new
    else:
        last = spans["view"][1]
        lines[last:last] = new
    return "\n".join(lines) + "\n"


def take(text: str, field: str) -> str:
    """`text` without what it says of `field`; raises SpecError as `put` does."""
    lines = text.splitlines()
    first, last = _spans(text)[field]
    del lines[first:last]
    return "\n".join(lines) + "\n"


def blank(text: str, field: str) -> str:
    """`text` with empty lines in place of what it says of `field`: all others keep theirs."""
    lines = text.splitlines()
    first, last = _spans(text)[field]
    lines[first:last] = [""] * (last - first)
    return "\n".join(lines) + "\n"


def add(text: str, field: str, value: object) -> str:
    """`text` with ``field: value`` at its end, in place of an earlier line without a value."""
    text = blank(text, field) if field in _spans(text) else text
    return "\n".join([*text.splitlines(), *_lines(field, value)]) + "\n"


def comment(text: str, said: str) -> str:
    """`text` below the lines of `said` as comments."""
    return "".join(f"# {line}".rstrip() + "\n" for line in said.splitlines()) + text


def write(data: Mapping[str, object]) -> str:
    """A document of `data`, one line a field and a feature."""
    return "".join(line + "\n" for field, value in data.items() for line in _lines(field, value))


def _lines(field: str, value: object) -> list[str]:
    if isinstance(value, Mapping) and field in ("features", "inputs"):
        return [f"{field}:", *(f"  {name}: {_flow(body)}" for name, body in value.items())]
    return [f"{field}: {_flow(value)}"]


def _flow(value: object) -> str:
    """One line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=_WIDE, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _spans(text: str) -> dict[str, tuple[int, int]]:
    """The lines of each field of a document that was read before: first, and one past the last."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise SpecError(
            "The view stands in braces, so nothing can be put into it.",
            hint="write one field a line.",
        )
    return {
        key.value: (key.start_mark.line, value.end_mark.line + bool(value.end_mark.column))
        for key, value in node.value
    }
