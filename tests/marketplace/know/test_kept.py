"""What was found out about features, kept in one file for whoever searches."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from proml_lab.marketplace.know import kept
from proml_lab.marketplace.know.kept import Looked
from proml_lab.marketplace.know.usage import Use

ONE = Looked("a.b", "x", "m1", "s1", nulls=0.5, bars="[1, 2]", low="0", high="9", codes="FH010")


def seen(folder: Path) -> dict[str, dict[str, object]]:
    rows = kept.read(folder)[0].iter_rows(named=True)
    return {f"{row['view']}.{row['feature']}": row for row in rows}


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    assert kept.read(tmp_path)[1] is None
    assert kept.stamp(tmp_path) == (0, 0, 0)
    other = Looked("a.b", "y", "m1", newest=5, last=4, longest=3, quiet=2)
    kept.keep(tmp_path / "in", [ONE, other])
    assert kept.drawn(tmp_path / "in", ["a.b.x", "a.b.y", "a.c.x"]) == {
        "a.b.x": ONE,
        "a.b.y": other,
    }
    assert seen(tmp_path / "in")["a.b.y"] == {
        "view": "a.b", "feature": "y", "meaning": "m1", "nulls": None, "newest": 5, "last": 4,
        "longest": 3, "quiet": 2, "codes": "", "mutes": "",
    }  # fmt: skip
    before = kept.stamp(tmp_path / "in")
    kept.keep(tmp_path / "in", [replace(ONE, nulls=0.25)])
    assert kept.stamp(tmp_path / "in") != before
    assert seen(tmp_path / "in")["a.b.x"]["nulls"] == 0.25


def test_of_another_meaning_of_a_view_nothing_stays(tmp_path: Path) -> None:
    kept.keep(tmp_path, [ONE, replace(ONE, feature="gone"), replace(ONE, view="c.d")])
    kept.keep(tmp_path, [replace(ONE, meaning="m2")])
    assert sorted(seen(tmp_path)) == ["a.b.x", "c.d.x"]


def test_a_gentle_look_leaves_what_an_earlier_one_saw_of_the_same_rows(tmp_path: Path) -> None:
    kept.keep(tmp_path, [ONE])
    less = replace(ONE, codes="")
    kept.keep(tmp_path, [less], gently=True)
    assert kept.drawn(tmp_path, ["a.b.x"])["a.b.x"] == ONE
    newer = replace(less, state="s2")
    kept.keep(tmp_path, [newer], gently=True)
    assert kept.drawn(tmp_path, ["a.b.x"])["a.b.x"] == newer


def test_codes_leave_the_values_as_they_are(tmp_path: Path) -> None:
    kept.keep(tmp_path, [ONE])
    kept.keep_codes(tmp_path, [Looked("a.b", "x", "m1", codes="FH001"), Looked("a.b", "z", "m1")])
    assert kept.drawn(tmp_path, ["a.b.x"])["a.b.x"] == replace(ONE, codes="FH001")
    assert seen(tmp_path)["a.b.z"]["nulls"] is None


def test_uses_replace_each_other_and_keep_aliases_nobody_asked_for(tmp_path: Path) -> None:
    spec = Use("a.b", "x", "spec", "s.proml.yaml", model="s")
    model = Use("a.b", "x", "artifact", "m@1", model="m", version=1)
    kept.keep_uses(tmp_path, [spec, replace(model, aliases=("champion",))], "one")
    kept.keep_uses(tmp_path, [model], "two", aliases=False)
    uses = kept.read(tmp_path)[1]
    assert uses is not None
    assert uses.rows() == [("a.b", "x", "artifact", "m@1", "m", "champion")]
    assert kept.state_of_uses(tmp_path) == "two"
    kept.keep_uses(tmp_path, [], "three")
    uses = kept.read(tmp_path)[1]
    assert uses is not None
    assert not uses.height


@pytest.mark.parametrize("damage", [b"no database at all, but quite long " * 9, None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    kept.keep(tmp_path, [ONE])
    (file,) = tmp_path.iterdir()
    if damage is None:  # of another form
        with sqlite3.connect(file) as base:
            base.execute("drop table used")
            base.execute("pragma user_version = 99")
        base.close()
    else:
        file.write_bytes(damage)
    assert kept.read(tmp_path)[0].height == 0
    assert kept.drawn(tmp_path, ["a.b.x"]) == {}
    assert kept.state_of_uses(tmp_path) == ""
    kept.keep(tmp_path, [ONE])
    assert sorted(seen(tmp_path)) == ["a.b.x"]
    kept.keep_uses(tmp_path, [], "now")


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept.keep(tmp_path / "file", [ONE])
    assert kept.read(tmp_path / "file")[0].height == 0


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    rows = [replace(ONE, view=f"a.v{i}") for i in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda row: kept.keep(tmp_path, [row]), rows))
    assert len(seen(tmp_path)) == 24


def test_bars_are_few_and_their_ends_are_named() -> None:
    labels = [f"{i} to {i + 1}" for i in range(20)]
    labels[0], labels[-1] = "below 1", "from 19"
    made = kept.bars([1.0] * 20, labels, None)
    assert (json.loads(made["bars"]), made["low"], made["high"]) == ([2] * 10, "< 1", "≥ 19")
    words = kept.bars([9.0, 1.0], ["DL", "AA"], 16)
    assert (words["bars"], words["low"], words["high"]) == ("[9, 1]", "DL", "16 values")
    assert kept.bars([9, 1], ["false", "true"], 2)["high"] == "true"
    assert kept.bars([9], ["DL"], 1)["high"] == "1 value"
    assert len(json.loads(kept.bars([1.0] * 20, ["w"] * 20, 30)["bars"])) == kept.N_BARS
    assert kept.bars([], [], None) == {"bars": "[]", "low": "", "high": ""}
    many = kept.bars([float(i) for i in range(13)], [str(i) for i in range(13)], None)
    assert sum(json.loads(many["bars"])) == sum(range(13))
    assert len(json.loads(many["bars"])) == 7


def test_the_types_are_those_of_the_rows(tmp_path: Path) -> None:
    kept.keep(tmp_path, [ONE])
    frame = kept.read(tmp_path)[0]
    assert frame.schema["nulls"] == pl.Float64
    assert frame.schema["newest"] == pl.Int64
