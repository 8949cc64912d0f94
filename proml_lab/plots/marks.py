"""What Plotly's traces have in common, read for the static pictures: columns, colours, errors."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from proml_lab.errors import UsageError
from proml_lab.plots import paint
from proml_lab.plots.paint import n
from proml_lab.plots.scale import Scale, Value
from proml_lab.plots.theme import NEUTRAL

Trace = Mapping[str, Any]
STEPS = 9
"""Colours that a continuous scale is drawn with."""


def column(data: object, length: int = 0) -> list[Any]:
    """A trace's values as a list: Plotly packs arrays, and one value stands for all `length`."""
    if data is None:
        return [None] * length
    if isinstance(data, Mapping):
        packed = np.frombuffer(base64.b64decode(data["bdata"]), dtype=data["dtype"])
        return list(packed.tolist())
    if isinstance(data, str | int | float):
        return [data] * length
    listed = data.tolist() if isinstance(data, np.ndarray) else list(data)  # type: ignore[call-overload]
    return list(listed)


def colours_of(marker: Mapping[str, Any], colour: str, length: int) -> list[str]:
    """(length,) colours: one for all, one each, or numbers on a colour scale in nine steps."""
    given = marker.get("color")
    if given is None or isinstance(given, str):
        return [str(given or colour)] * length
    values = column(given, length)
    if all(isinstance(v, str) for v in values):
        return [str(v) for v in values]
    finite = [float(v) for v in values if v is not None and v == v]
    low, high = marker.get("cmin"), marker.get("cmax")
    low = min(finite, default=0.0) if low is None else float(low)
    high = max(finite, default=1.0) if high is None else float(high)
    steps = scale_steps(marker)
    width = (high - low) or 1.0
    return [
        NEUTRAL
        if v is None or v != v
        else steps[min(max(int((float(v) - low) / width * STEPS), 0), STEPS - 1)]
        for v in values
    ]


def scale_steps(marker: Mapping[str, Any]) -> list[str]:
    """The nine colours, low to high, of a marker's colour scale."""
    scale = marker.get("colorscale")
    if not isinstance(scale, Sequence) or isinstance(scale, str):
        raise UsageError(
            "The static picture needs a colour scale in full for numbers as colours.",
            hint="give marker.colorscale as a list of (position, '#rrggbb').",
        )
    stops = [(float(at), [int(str(hex_)[i : i + 2], 16) for i in (1, 3, 5)]) for at, hex_ in scale]
    at = [position for position, _ in stops]
    out = []
    for step in range(STEPS):
        rgb = [
            round(float(np.interp((step + 0.5) / STEPS, at, [c[k] for _, c in stops])))
            for k in range(3)
        ]
        out.append("#" + "".join(f"{part:02x}" for part in rgb))
    return out


def whiskers(
    error: Mapping[str, Any] | None,
    values: Sequence[Value],
    beside: Sequence[float | None],
    along: Scale,
    *,
    across: bool,
    colour: str,
) -> str:
    """Error bars of (n,) `values` on the scale `along`, at the pixels `beside` of the other."""
    if not error or error.get("visible") is False or error.get("array") is None:
        return ""
    more = column(error["array"])
    less = more if error.get("arrayminus") is None else column(error["arrayminus"])
    path = []
    for value, pixel, up, down in zip(values, beside, more, less, strict=True):
        if pixel is None or not isinstance(value, int | float) or up is None or down is None:
            continue
        low, high = along.pixel(value - down), along.pixel(value + up)
        if low is None or high is None or low == high:
            continue
        if across:
            path.append(f"M{n(low)} {n(pixel)}H{n(high)}")
            path += [f"M{n(end)} {n(pixel - 3)}v6" for end in (low, high)]
        else:
            path.append(f"M{n(pixel)} {n(low)}V{n(high)}")
            path += [f"M{n(pixel - 3)} {n(end)}h6" for end in (low, high)]
    look = paint.stroke(str(error.get("color") or colour), float(error.get("thickness") or 1.3))
    return f'<path d="{"".join(path)}" {look} fill="none"/>' if path else ""


def reach(error: Mapping[str, Any] | None, values: Sequence[Value]) -> list[Value]:
    """The ends of the error bars: what the axis must hold besides the values."""
    if not error or error.get("visible") is False or error.get("array") is None:
        return []
    more = column(error["array"])
    less = more if error.get("arrayminus") is None else column(error["arrayminus"])
    ends: list[Value] = []
    for value, up, down in zip(values, more, less, strict=True):
        if isinstance(value, int | float) and up is not None and down is not None:
            ends += [value - down, value + up]
    return ends


def known(what: str, found: Iterable[str], choices: Iterable[str]) -> None:
    """Raise UsageError where `found` has a word that is not among `choices`."""
    allowed = sorted(choices)
    for word in found:
        if word not in allowed:
            raise UsageError(
                f"The static picture has no {what} {word!r}.",
                hint=f"it knows {', '.join(allowed)}.",
            )
