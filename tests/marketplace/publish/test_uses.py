from __future__ import annotations

import json

import pytest

from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.publish.changes import Change
from proml_lab.marketplace.publish.uses import Harm, harmed
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import RAIN, SPEC

TEXT = RAIN.replace("owner", "source: s.parquet\nowner") + "  snow: float\n"
WET = "view: shop.wet\ninputs: {r: shop.rain.rain}\nfeatures: {wet: {type: float, sql: r * 2}}\n"
UNIT = Change("rain", "unit", "unit: mm → cm", breaking=True)


def hit(place: Workspace, *promoted: Use, change: Change = UNIT) -> tuple[Harm, ...]:
    """Whom a change of the view harms, which is as `TEXT` says until now."""
    file = place.root / "features" / "rain.yaml"
    file.write_text(TEXT)
    before = FeatureView.read(file)
    file.write_text(TEXT.replace("  rain: {type: float, unit: mm, description: Rain}\n", ""))
    return harmed(place.root, place.catalog.views, before, [change], promoted)


def notebook(place: Workspace, *cells: str) -> None:
    said = [{"cell_type": "code", "source": cell, "metadata": {}} for cell in cells]
    text = json.dumps({"cells": said, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (place.root / "n.ipynb").write_text(text)


@pytest.mark.parametrize(
    ("asked", "harm"),
    [
        ("shop.rain", True),
        ("shop.rain.rain", True),
        ("shop.rain.snow", False),
        ("shop.rain: [rain]", True),
        ("shop.rain: {wet: rain}", True),
        ("shop.rain@1", False),
        ("shop.rain@1: [rain]", False),
        ("shop.rainbow, spine: [rain]", False),
    ],
)
def test_a_spec_is_harmed_by_what_it_asks_for(place: Workspace, asked: str, harm: bool) -> None:
    (place.root / "models").mkdir()
    (place.root / "models" / "s.proml.yaml").write_text(SPEC.format(asked))
    assert hit(place) == ((Harm("models/s.proml.yaml"),) if harm else ())


@pytest.mark.parametrize(
    ("cell", "harm"),
    [
        ("ws.training_set(s, ['shop.rain'])", True),
        ("f = 'shop.rain.rain'", True),
        ("f = 'shop.rain.snow'", False),
        ("%proml dataset --spine s --features shop.rain", True),
        ("%proml dataset --spine s --features shop.rain@1", False),
        ("%proml features lookup shop.rain.rain --keys shop=n", True),
        ("%proml features show shop.rain.rain\n  %proml publish shop.rain --yes", False),
        ("%%proml publish --rows fallen\nview: shop.rain", False),
        ("publish('shop.rain', yes=True)", False),
        ("log.publish('shop.rain')", True),
    ],
)
def test_a_notebook_is_harmed_by_what_its_cells_use(
    place: Workspace, cell: str, harm: bool
) -> None:
    notebook(place, "x = 1", cell)
    assert hit(place) == ((Harm("n.ipynb"),) if harm else ())


def test_an_artifact_is_in_use_while_it_has_an_alias(place: Workspace) -> None:
    one = Use("shop.rain", "rain", "artifact", "sold@1", aliases=("champion", "live"))
    two = Use("shop.rain", "rain", "artifact", "sold@2")
    old = Use("shop.rain", "rain", "artifact", "sold@3", aliases=("old",), pinned=True)
    found = hit(place, one, two, old)
    assert found == (Harm("sold@1 (champion, live)"), Harm("sold@2", in_use=False))


def test_a_derived_feature_is_in_use_where_somebody_uses_it(place: Workspace) -> None:
    (place.root / "features" / "wet.yaml").write_text(WET)
    assert hit(place) == (Harm("feature shop.wet.wet", in_use=False),)
    (place.root / "s.proml.yaml").write_text(SPEC.format("shop.wet"))
    assert hit(place) == (Harm("feature shop.wet.wet"), Harm("s.proml.yaml"))


def test_what_goes_is_looked_for_by_its_old_name(place: Workspace) -> None:
    """Also where the view of before reads an input that is gone by now."""
    (place.root / "features" / "rain.yaml").write_text(TEXT)
    (place.root / "n.ipynb").write_text("{}")
    notebook(place, "ask('shop.wet.wet')")
    before = FeatureView.model_validate(
        {
            "view": "shop.wet",
            "inputs": {"r": "shop.gone.rain"},
            "features": {"wet": {"type": "float", "sql": "r"}},
        }
    )
    gone = Change("wet", "feature", "is taken away", breaking=True)
    found = harmed(place.root, place.catalog.views, before, [gone])
    assert found == (Harm("n.ipynb"),)


def test_a_spec_that_cannot_be_read_may_be_harmed(place: Workspace) -> None:
    (place.root / "s.proml.yaml").write_text("proml: [")
    (place.root / "t.proml.yaml").write_bytes(b"\xff")
    (place.root / "u.ipynb").write_text("{")
    (place.root / ".proml").mkdir()
    (place.root / ".proml" / "old.proml.yaml").write_text(SPEC.format("shop.rain"))
    said = [str(one) for one in hit(place)]
    assert said == ["t.proml.yaml (it cannot be read)", "s.proml.yaml (it cannot be read)"]


def test_what_breaks_nothing_harms_nobody(place: Workspace) -> None:
    (place.root / "s.proml.yaml").write_text(SPEC.format("shop.rain"))
    assert hit(place, change=Change("rain", "unit", "unit")) == ()
    assert harmed(place.root, place.catalog.views, None, [UNIT]) == ()
    whole = Change("", "source", "source", breaking=True)
    assert hit(place, change=whole) == (Harm("s.proml.yaml"),)
