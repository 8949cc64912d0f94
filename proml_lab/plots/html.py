"""Static HTML without script: tables, notes and pictures that read wherever a notebook does."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.cells import column_texts, is_number, shorten
from proml_lab.plots.style import CSS
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from proml_lab.contracts import Dataset
    from proml_lab.model import Model

MAX_BYTES = 256 * 1024
MAX_COLUMNS = 30
WIDE = 40
"""Letters from which a cell may wrap."""
_NARROW = 12
_DOT = re.compile(r"(?<=\w)\.(?=[A-Za-z_]\w*(?![.\w]))")
_WHEN = re.compile(r"[\d:.+−-]+( [\d:.+−-]+)*( UTC)?")


def bundle(plain: str, *parts: str) -> dict[str, str]:
    """A MIME bundle: `plain` as text, and the HTML `parts` under one root with the stylesheet.

    At most 256 KB of HTML: parts that no longer fit are left out, and a line says so.
    """
    room = MAX_BYTES - len(CSS.encode()) - 400
    kept: list[str] = []
    for part in parts:
        size = len(part.encode())
        if size <= room:
            kept.append(part)
            room -= size
    if len(kept) < len(parts):
        kept.append(
            note(
                f"{len(parts) - len(kept)} of {len(parts)} parts are too large to show here; "
                "frame() and figure() have them whole."
            )
        )
    page = f'<div class="proml"><style>{CSS}</style>{"".join(kept)}</div>'
    return {"text/plain": plain[: MAX_BYTES // 2], "text/html": page}


def table(
    frame: pl.DataFrame,
    *,
    caption: str = "",
    max_rows: int = 20,
    formats: Mapping[str, str] | None = None,
) -> str:
    """A real ``<table>``: the first `max_rows` rows of `frame`, and a line for what is left out.

    Numbers are right-aligned with four significant digits, nulls are ``–``. `formats` maps a
    column to a Python format such as ``".1%"``.
    """
    names, texts = _cells(frame, max_rows, formats)
    sides = [' align="right"' if is_number(frame[name].dtype) else "" for name in names]
    head = "".join(
        f'<th scope="col"{side}>{escape(shorten(name, 60))}</th>'
        for name, side in zip(names, sides, strict=True)
    )
    rows = "".join(
        "<tr>" + "".join(map(cell, row, sides, range(len(row)))) + "</tr>"
        for row in zip(*texts, strict=True)
    )
    more = _left_out(frame, max_rows)
    made = (
        f'<div class="proml-scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note(more) if more else ''}"
    )
    if not caption:  # a figure's may be wider than a table, whose own would break early
        return made
    said = f"<figcaption>{escape(caption)}</figcaption>"
    return f'<figure class="proml-table">{said}{made}</figure>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A table of what and how, a row a pair, without a head."""
    rows = "".join(f"<tr>{cell(name, column=0)}{cell(said)}</tr>" for name, said in pairs)
    return f'<table class="proml-facts"><tbody>{rows}</tbody></table>'


def cell(text: str, attributes: str = "", column: int = 1) -> str:
    """A cell: the first column heads its row; names may break at their dots, times nowhere."""
    said = _DOT.sub(".<wbr>", escape(text))
    if column == 0:
        return f'<th scope="row"{attributes}>{said}</th>'
    kind = "w" if len(text) > WIDE else "n" if _WHEN.fullmatch(text) else ""
    named = f' class="proml-{kind}"' if kind else ""
    return f"<td{attributes}{named}>{said}</td>"


def text_table(
    frame: pl.DataFrame,
    *,
    max_rows: int = 20,
    formats: Mapping[str, str] | None = None,
    width: int | None = None,
    wrapped: Collection[str] = (),
) -> str:
    """The same table for ``text/plain``: aligned columns, two spaces apart.

    With a `width` in letters, columns are wrapped until the table fits, if it can: those named
    in `wrapped` first, of these the widest.
    """
    names, texts = _cells(frame, max_rows, formats)
    columns = [
        [name, *(" ".join(cell.split()) for cell in cells)]
        for name, cells in zip(names, texts, strict=True)
    ]
    widths = [max(map(len, column)) for column in columns]
    if width is not None:
        room = width - 2 * (len(widths) - 1)
        chosen = [i for i, name in enumerate(names) if name in wrapped]
        for among in (chosen, range(len(widths))):
            widths = _narrowed(widths, room, among)
    rights = [is_number(frame[name].dtype) for name in names]
    lines = []
    for row in zip(*columns, strict=True):
        parts = [wrap(cell, n) or [""] for cell, n in zip(row, widths, strict=True)]
        for line in zip_longest(*parts, fillvalue=""):
            cells = zip(line, widths, rights, strict=True)
            padded = (text.rjust(n) if right else text.ljust(n) for text, n, right in cells)
            lines.append("  ".join(padded).rstrip())
    more = _left_out(frame, max_rows)
    return "\n".join([*lines, more] if more else lines)


def _narrowed(widths: Sequence[int], room: int, among: Iterable[int]) -> list[int]:
    """`widths`, the widest of `among` made narrower until all fit into `room`, none below 12."""
    found, places = list(widths), list(among)
    while sum(found) > room and max((found[i] for i in places), default=0) > _NARROW:
        found[max(places, key=found.__getitem__)] -= 1
    return found


def heading(text: str) -> str:
    """A heading."""
    return f"<h3>{escape(text)}</h3>"


def note(text: str) -> str:
    """A short paragraph in a quieter colour."""
    return f'<p class="proml-note">{escape(text)}</p>'


def lead(text: str) -> str:
    """A paragraph that says the main thing."""
    return f"<p>{escape(text)}</p>"


def picture(figure: go.Figure, *, title: str, description: str, width: int = 720) -> str:
    """`figure` as inline SVG; `title` names it for screen readers, `description` stands below."""
    from proml_lab.plots.svg import to_svg

    drawn = to_svg(figure, width=width, label=f"{title}. {description}")
    return (
        f'<figure style="max-width:{width}px">{drawn}'
        f"<figcaption>{escape(description)}</figcaption></figure>"
    )


def row(*parts: str) -> str:
    """Parts side by side where the page is wide enough."""
    return f'<div class="proml-row">{"".join(parts)}</div>'


def details(summary: str, *parts: str) -> str:
    """Parts folded away under a line that opens them."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(parts)}</details>"


def code(text: str, *, title: str = "") -> dict[str, str]:
    """A MIME bundle of a text in a fixed-width face, such as a spec's YAML."""
    head = heading(title) if title else ""
    return bundle(text, head + pre(text))


def pre(text: str) -> str:
    """A text in a fixed-width face."""
    return f"<pre><code>{escape(text)}</code></pre>"


def dataset(data: Dataset) -> dict[str, str]:
    """A MIME bundle: rows, columns by role, label rate, cutoff range, sources, schema."""
    from proml_lab.plots import cards

    return cards.dataset(data)


def model(fitted: Model) -> dict[str, str]:
    """A MIME bundle: learner, task, rows, features, fit time, what to do next."""
    from proml_lab.plots import cards

    return cards.model(fitted)


def _cells(
    frame: pl.DataFrame, max_rows: int, formats: Mapping[str, str] | None
) -> tuple[list[str], list[list[str]]]:
    names = frame.columns[:MAX_COLUMNS]
    shown = frame.head(max_rows)
    return names, [column_texts(shown[name], (formats or {}).get(name)) for name in names]


def _left_out(frame: pl.DataFrame, max_rows: int) -> str:
    more = []
    if frame.height > max_rows:
        rows = frame.height - max_rows
        more.append(counted(rows, "more row"))
    if frame.width > MAX_COLUMNS:
        columns = frame.width - MAX_COLUMNS
        more.append(counted(columns, "more column"))
    return f"… and {' and '.join(more)}" if more else ""
