"""Joins in a workspace: its sources, its catalogue, and what its settings allow."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ProMLError, SourceError
from proml_lab.marketplace.join.here import covered, joined
from proml_lab.marketplace.workspace import Workspace, open_workspace
from tests.marketplace.conftest import at

VIEW = """view: shop.{}
source: sources/s.parquet
entities: [k]
event_time: t
sensitivity: {}
features: {{x: float}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "proml.toml").write_text("sensitivity = 'internal'\n")
    (tmp_path / "features").mkdir()
    (tmp_path / "sources").mkdir()
    for name, sensitivity in (("a", "internal"), ("b", "personal")):
        (tmp_path / "features" / f"{name}.yaml").write_text(VIEW.format(name, sensitivity))
    rows = {"k": [1, 2], "t": [at(0), at(2)], "x": [1.0, 2.0]}
    pl.DataFrame(rows).write_parquet(tmp_path / "sources" / "s.parquet")
    spine = {"k": [2, 1, 3], "c": [at(1), at(1), at(1)]}
    pl.DataFrame(spine).write_parquet(tmp_path / "sources" / "spine.parquet")
    return open_workspace(tmp_path)


@pytest.mark.parametrize("given", ["name", "path", "frame"])
def test_a_spine_by_name_by_path_and_as_a_frame(place: Workspace, given: str) -> None:
    file = place.root / "sources" / "spine.parquet"
    spine = {"name": "spine", "path": str(file), "frame": pl.read_parquet(file)}[given]
    got = joined(place, spine, ["shop.a"], None, None, {"cutoff": "c"})
    assert got.frame["x"].to_list() == [None, 1.0, None]
    share = covered(place, spine, ["shop.a"], "c").frame()["covered"].item()
    assert share == pytest.approx(1 / 3)


def test_the_settings_and_the_call_say_how_sensitive_features_may_be(place: Workspace) -> None:
    for feature, limit in (("shop.b", None), ("shop.a", "public")):
        with pytest.raises(ProMLError, match=rf"{feature}.x is \w+, and at most"):
            joined(place, "spine", [feature], None, limit, {"cutoff": "c"})  # type: ignore[arg-type]


def test_nothing_is_laid_out_to_look_at_a_sample(place: Workspace) -> None:
    covered(place, "spine", ["shop.a"], "c")
    assert not (place.root / ".proml" / "layouts").exists()
    with pytest.raises(SourceError, match="There is no source 'spin'"):
        covered(place, "spin", ["shop.a"], "c")
