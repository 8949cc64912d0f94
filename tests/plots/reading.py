"""Reads what was drawn: the SVG's elements as numbers and words."""

from __future__ import annotations

import re
from xml.etree import ElementTree

NS = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def root(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def boxes(svg: str) -> dict[str, Box]:
    """Tooltip of each bar to (x, y, width, height)."""
    found = {}
    for rect in root(svg).iter(f"{NS}rect"):
        tip = rect.find(f"{NS}title")
        if tip is not None:
            size = [float(rect.attrib[key]) for key in ("x", "y", "width", "height")]
            found[str(tip.text)] = (size[0], size[1], size[2], size[3])
    return found


def texts(svg: str) -> dict[str, tuple[float, float]]:
    """Text to (x, y); the last wins where one stands twice."""
    found = {}
    for element in root(svg).iter(f"{NS}text"):
        said = "".join(
            part for child in [element, *element.findall(f"{NS}tspan")] if (part := child.text)
        ) or "".join(child.tail or "" for child in element)
        x, y = element.attrib.get("x", "nan"), element.attrib.get("y", "nan")
        found[said] = (float(x), float(y))
    return found


def paths(svg: str) -> list[dict[str, str]]:
    return [dict(path.attrib) for path in root(svg).iter(f"{NS}path")]


def points(path: str) -> list[tuple[float, float]]:
    """Corners of a path made of M and L."""
    pairs = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)
    return [(float(x), float(y)) for x, y in pairs]
