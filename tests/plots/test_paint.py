from __future__ import annotations

from xml.etree import ElementTree

import pytest

from proml_lab.errors import UsageError
from proml_lab.plots import paint
from proml_lab.plots.theme import INK, NEUTRAL, PALETTE, RULE


def test_numbers_are_short() -> None:
    assert [paint.n(v) for v in (1.0, 1.25, -0.01, 12.96)] == ["1", "1.2", "0", "13"]


def test_our_colours_are_classes_with_a_fallback() -> None:
    assert paint.fill(PALETTE[1]) == f'class="f1" fill="{PALETTE[1]}"'
    assert paint.stroke(INK).startswith(f'class="si" stroke="{INK}"')
    assert paint.stroke(RULE).startswith('class="sr"')
    assert paint.fill(NEUTRAL).startswith('class="f6"')
    red, green, blue = (int(PALETTE[0][i : i + 2], 16) for i in (1, 3, 5))
    tint = f"rgba({red},{green},{blue},0.14)"
    assert paint.fill(tint) == f'class="f0" fill="{PALETTE[0]}" fill-opacity="0.14"'


def test_other_colours_are_kept() -> None:
    assert paint.fill("#123456") == 'fill="#123456"'
    assert paint.fill("none") == paint.fill("rgba(0,0,0,0)") == 'fill="none"'


@pytest.mark.parametrize("colour", ["red", '#fff"/><script>', "url(x)", "rgb(a)"])
def test_a_colour_that_is_none_is_an_error(colour: str) -> None:
    with pytest.raises(UsageError, match="cannot read the colour"):
        paint.fill(colour)


@pytest.mark.parametrize("said", ['<b>&"', "]]>", "a\x00b", "\ud800", "&lt;b&gt;", "ok"])
def test_text_and_attributes_are_always_xml(said: str) -> None:
    drawn = paint.text(0, 0, said) + f'<g a="{paint.attribute(said)}">{paint.tip(said)}</g>'
    tags = [node.tag for node in ElementTree.fromstring(f"<svg>{drawn}</svg>").iter()]
    assert tags == ["svg", "text", "g", "title"]  # what was said made no element of its own


def test_entities_and_tags_are_read() -> None:
    assert paint.lines("a<br>b &lt;i&gt; <b>c</b>") == ["a", "b <i> c"]


def test_text_is_cut_to_its_room() -> None:
    short = paint.fit("a long name of a feature", 60)
    assert short.endswith("…")
    assert paint.width_of(short) <= 60
    assert paint.fit("ab", 60) == "ab"
    name = paint.fit("origin.departures.origin_dep_delay_3h", 120)
    assert name.startswith("…")
    assert name.endswith("delay_3h")
    assert paint.width_of(name) <= 120
    assert paint.width_of("a<br>longer") == paint.width_of("longer")
