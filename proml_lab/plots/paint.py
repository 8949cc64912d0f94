"""The words of SVG: numbers, colours by class, text and its width."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from proml_lab.errors import UsageError
from proml_lab.plots.style import variables
from proml_lab.plots.theme import DASHES, INK, NEUTRAL, PALETTE, RULE

FONT = 12.0
OURS = (*PALETTE, NEUTRAL)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}|rgba?\([0-9., ]+\)")
_NARROW, _WIDE = set("iljtfrI.,;:'|!()[]- "), set("mwMW@%&–…+−=<>")
_PATTERN = dict(zip(DASHES, ("", "7 4", "7 3 2 3", "12 4", "12 3 2 3", "2 3"), strict=True))

CSS = (
    variables(".proml-svg")
    + "".join(
        f".proml-svg .f{i}{{fill:var(--proml-c{i})}}.proml-svg .s{i}{{stroke:var(--proml-c{i})}}"
        for i in range(len(OURS))
    )
    + ".proml-svg .fi,.proml-svg text{fill:var(--proml-ink)}.proml-svg .si{stroke:var(--proml-ink)}"
    ".proml-svg .fr{fill:var(--proml-rule)}.proml-svg .sr{stroke:var(--proml-rule)}"
)


def n(value: float) -> str:
    """A coordinate: one decimal, none where it is zero."""
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def fill(colour: str, opacity: float = 1.0) -> str:
    """Attributes that fill with `colour`: by class where it is ours, so that it suits the page."""
    return _paint(colour, opacity, "fill")


def stroke(colour: str, width: float = 1.0, *, dash: str = "solid", opacity: float = 1.0) -> str:
    """Attributes that draw a line."""
    if dash not in _PATTERN:
        raise UsageError(f"The static picture has no line dash {dash!r}.", hint=_one_of(_PATTERN))
    pattern = f' stroke-dasharray="{_PATTERN[dash]}"' if _PATTERN[dash] else ""
    return f'{_paint(colour, opacity, "stroke")} stroke-width="{n(width)}"{pattern}'


def text(
    x: float,
    y: float,
    said: str,
    *,
    anchor: str = "start",
    size: float = FONT,
    bold: bool = False,
    turn: bool = False,
    longest: float | None = None,
) -> str:
    """Text around the middle line `y`, in lines where it has ``<br>``.

    `anchor` is start, middle or end; `turn` writes upwards; longer than `longest` pixels it is
    cut, and a tooltip has it whole.
    """
    whole = lines(said)
    shown = [fit(line, longest, size) for line in whole] if longest else whole
    look = f' font-size="{n(size)}"' if size != FONT else ""
    look += ' font-weight="600"' if bold else ""
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    tip = f"<title>{_escape(' '.join(whole))}</title>" if shown != whole else ""
    first = y + 0.36 * size - (len(shown) - 1) * 0.6 * size
    if turn:
        place = f'transform="translate({n(x)} {n(y)}) rotate(-90)" dy="{n(0.36 * size)}"'
        return f"<text {place}{look}>{tip}{_escape(' '.join(shown))}</text>"
    if len(shown) == 1:
        return f'<text x="{n(x)}" y="{n(first)}"{look}>{tip}{_escape(shown[0])}</text>'
    spans = "".join(
        f'<tspan x="{n(x)}" y="{n(first + i * 1.2 * size)}">{_escape(line)}</tspan>'
        for i, line in enumerate(shown)
    )
    return f"<text{look}>{tip}{spans}</text>"


def lines(said: str) -> list[str]:
    """Plotly's text as plain lines: ``<br>`` breaks, its other tags go, entities become letters."""
    parts = re.split(r"<br\s*/?>", said)
    return [html.unescape(re.sub(r"</?(?:b|i|em|sup|sub|span)[^<>]*>", "", p)) for p in parts]


def width_of(said: str, size: float = FONT) -> float:
    """Pixels that the longest line of `said` takes, nearly."""
    return max(_width(line) for line in lines(said)) * size


def fit(line: str, longest: float, size: float = FONT) -> str:
    """`line`, or as much of it as `longest` pixels hold, with an ellipsis.

    Of names with dots the end is kept: it tells them apart.
    """
    if _width(line) * size <= longest:
        return line
    kept, is_name = line, "." in line and " " not in line
    while kept and _width(kept + "…") * size > longest:
        kept = kept[1:] if is_name else kept[:-1]
    return f"…{kept}" if is_name else f"{kept.rstrip()}…"


def tip(said: str) -> str:
    """A tooltip without script."""
    return f"<title>{_escape(' '.join(lines(said)))}</title>"


def attribute(said: str) -> str:
    """`said` as the value of an attribute."""
    return html.escape(_legal(said), quote=True)


def _width(line: str) -> float:
    """Ems that `line` takes in a wide face, so that it fits in the others too."""
    return sum(
        1.0 if ord(c) > 0x2E80 else 0.39 if c in _NARROW else 0.95 if c in _WIDE
        else 0.72 if c.isupper() else 0.63
        for c in line
    )  # fmt: skip


def _paint(colour: str, opacity: float, what: str) -> str:
    if colour in ("none", "rgba(0,0,0,0)"):
        return f'{what}="none"'
    if not _COLOUR.fullmatch(colour):
        raise UsageError(
            f"The static picture cannot read the colour {colour!r}.", hint="write it as '#rrggbb'."
        )
    if colour == RULE:
        return f'class="{what[0]}r" {what}="#d0d0d0"'
    if colour.startswith("rgb"):
        red, green, blue, *alpha = (float(v) for v in colour[colour.index("(") + 1 : -1].split(","))
        colour = f"#{int(red):02x}{int(green):02x}{int(blue):02x}"
        opacity *= alpha[0] if alpha else 1.0
    clear = f' {what}-opacity="{opacity:.2g}"' if opacity < 1 else ""
    if colour == INK:
        return f'class="{what[0]}i" {what}="{INK}"{clear}'
    if colour in OURS:
        return f'class="{what[0]}{OURS.index(colour)}" {what}="{colour}"{clear}'
    return f'{what}="{colour}"{clear}'


def _escape(said: str) -> str:
    return html.escape(_legal(said), quote=False)


def _legal(said: str) -> str:
    """Without the control characters that XML forbids."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "\ufffd", said)


def _one_of(choices: Iterable[str]) -> str:
    return f"it knows {', '.join(choices)}."
