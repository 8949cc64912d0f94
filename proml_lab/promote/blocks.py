"""What the card and the report say, before it is Markdown or HTML: texts, lists, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

_CODE = re.compile(r"`([^`]+)`")
_SHORT = 22
"""Letters up to which a cell stays in one line."""


@dataclass(frozen=True)
class Table:
    """A table of texts; `right` are the numbers of the columns that hold numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()


@dataclass(frozen=True)
class Code:
    """Lines to copy; `language` as Markdown names it."""

    text: str
    language: str = "python"


@dataclass(frozen=True)
class Folded:
    """What not everybody reads: one line in the report, all of it in the card."""

    summary: str
    blocks: tuple[Block, ...]


Block = str | tuple[str, ...] | Table | Code | Folded
"""A paragraph (`code` in backticks), a list of points, or one of the above."""


@dataclass(frozen=True)
class Part:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


def markdown(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown, a blank line between any two."""
    return "\n\n".join(_marked(block) for block in blocks)


def html(blocks: Iterable[Block]) -> str:
    """The blocks as HTML without script."""
    return "".join(_tagged(block) for block in blocks)


def number(value: float | None) -> str:
    """Four significant digits; ``–`` for what is not defined."""
    return "–" if value is None else f"{value:.4g}"


def interval(low: float | None, high: float | None) -> str:
    """``0.731 to 0.740``; ``–`` where an end is not known."""
    return "–" if low is None or high is None else f"{number(low)} to {number(high)}"


def listed(words: Iterable[str]) -> str:
    """``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _marked(block: Block) -> str:
    match block:
        case str():
            return block
        case Table():
            return "\n".join(_lines(block))
        case Code():
            return f"```{block.language}\n{block.text}\n```"
        case Folded():
            return f"{block.summary}:\n\n{markdown(block.blocks)}"
    return "\n".join(f"- {point}" for point in block)


def _lines(table: Table) -> Iterator[str]:
    sides = ["---:" if i in table.right else "---" for i in range(len(table.head))]
    for cells in (table.head, sides, *table.rows):
        whole = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
        yield f"| {' | '.join(whole)} |"


def _tagged(block: Block) -> str:
    match block:
        case str():
            return f"<p>{_inline(block)}</p>"
        case Table():
            return _grid(block)
        case Code():
            return f"<pre><code>{escape(block.text)}</code></pre>"
        case Folded():
            inside = html(block.blocks)
            return f"<details><summary>{_inline(block.summary)}</summary>{inside}</details>"
    return f"<ul>{''.join(f'<li>{_inline(point)}</li>' for point in block)}</ul>"


def _grid(table: Table) -> str:
    sides = [' align="right"' if i in table.right else "" for i in range(len(table.head))]
    head = "".join(
        f'<th scope="col"{side}>{escape(name)}</th>'
        for name, side in zip(table.head, sides, strict=True)
    )
    rows = "".join(
        f"<tr>{''.join(map(_cell, row, sides, range(len(row))))}</tr>" for row in table.rows
    )
    return (
        f'<div class="proml-scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(text: str, side: str, column: int) -> str:
    tag, scope = ("th", ' scope="row"') if column == 0 else ("td", "")
    whole = ' class="proml-whole"' if len(text) <= _SHORT else ""
    return f"<{tag}{scope}{side}{whole}>{_inline(text)}</{tag}>"


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))
