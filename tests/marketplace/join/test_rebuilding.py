"""Training sets joined again: the same from grown sources, a refusal where the past has moved."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from proml_lab.contracts import Dataset, Origin
from proml_lab.errors import ColumnMissingError, DataError, UsageError
from proml_lab.fingerprint import fingerprint
from proml_lab.magics import keep
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.join.rebuilding import Views, rebuild, view_in
from proml_lab.marketplace.layout.layouts import Layouts
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import Workspace, open_workspace
from tests.marketplace.conftest import MakeView, at
from tests.marketplace.join.test_training import WINDOWS, Row, make_rows, source, spine
from tests.soak import seeds

VIEW = """
view: shop.sales
source: sources/sales.parquet
entities: [id]
event_time: time
known_at: {delay: 1h}
features:
  x: float
  n: {type: integer, aggregate: count, window: 9h}
"""
ROWS = {"id": [1, 1, 2], "time": [at(0), at(2), at(1)], "x": [1.0, 2.0, 3.0]}
ASKED = pl.DataFrame(
    {"id": [2, 1, 7], "t": [at(2), at(4), at(4)], "y": [0, 1, 0], "kept": [1, 2, 3]}
)
Source = Path


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """One view over ``sources/sales.parquet``."""
    for folder in ("sources", "features"):
        (tmp_path / folder).mkdir()
    (tmp_path / "proml.toml").touch()
    (tmp_path / "features" / "sales.yaml").write_text(VIEW)
    write(tmp_path, pl.DataFrame(ROWS))
    return open_workspace(tmp_path)


def write(root: Path, rows: pl.DataFrame) -> None:
    rows.write_parquet(root / "sources" / "sales.parquet")


def joined(shop: Workspace) -> Dataset:
    wanted = [{"shop.sales": {"mine": "x"}}, "shop.sales.n", {"spine": {"own": "kept"}}]
    return shop.training_set(ASKED, wanted, label="y", cutoff="t")


@pytest.mark.parametrize("seed", seeds(10))
def test_a_grown_source_gives_the_same_again(
    seed: int, make_view: MakeView, tmp_path: Path
) -> None:
    layouts = Layouts(tmp_path / "layouts", 1 << 30, 1 << 30, smallest=0)
    rng = random.Random(seed)
    fields = {
        "entities": {"a": "key_a", "b": "b"},
        "known_at": "seen",
        "features": {**WINDOWS, "row": "integer"},
    }
    last = at(30)
    asked = spine(rng, 30, "us").with_columns(
        t=pl.min_horizontal("t", pl.lit(last).dt.convert_time_zone("Europe/Berlin")),
    )
    last = asked["t"].max()
    rows = make_rows(rng, 150, repeat=False)
    view = make_view(source(rows, "us"), **fields)
    made = training_set(asked, [view], cutoff="t", layouts=layouts if seed % 2 else None)
    past = [r for r in rows if r.event and r.known and max(r.event, r.known) <= last]
    late = [
        Row(rng.choice("pq"), rng.choice([1, 2]), at(rng.uniform(0, 90)),
            last + timedelta(microseconds=rng.choice([1, 10**9]) + i), rng.uniform(-9, 9), -i)
        for i in range(40)
    ]  # fmt: skip
    mixed = past + late
    rng.shuffle(mixed)
    make_view(source(mixed, "us").with_columns(more=pl.lit(1)), **fields)
    again = made.rebuild()
    assert_frame_equal(again.frame, made.frame, check_exact=True)
    assert [o.seen for o in again.origins] == [o.seen for o in made.origins]
    assert again.origins[1].fingerprint != made.origins[1].fingerprint
    other = Views((view,), layouts=None if seed % 2 else layouts).rebuild(made)
    assert_frame_equal(other.frame, made.frame, check_exact=True)
    assert other.origins == again.origins


def test_everything_stays_as_it_was(shop: Workspace) -> None:
    made = joined(shop)
    write(
        shop.root,
        pl.concat([pl.DataFrame(ROWS), pl.DataFrame({"id": [1], "time": [at(3.5)], "x": [9.0]})]),
    )
    again = made.rebuild()
    assert again.frame.equals(made.frame)
    assert again.frame.columns == made.frame.columns
    assert (again.label, again.entities, again.cutoff, again.features) == (
        made.label, made.entities, made.cutoff, made.features
    )  # fmt: skip
    assert again.origins[0] == made.origins[0]
    assert (made.origins[1].n_rows, again.origins[1].n_rows) == (3, 4)
    assert again.origins[1].n_seen == made.origins[1].n_seen == 3
    assert again.origins[1].features == {"mine": "x", "n": "n"}
    assert again.rebuild().frame.equals(made.frame)


def test_some_rows_of_a_dataset_are_rebuilt_as_of_the_same_moment(shop: Workspace) -> None:
    some = joined(shop).take(pl.Series([True, False, False]))
    assert some.rebuild().frame.equals(some.frame)


def changed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(x=pl.when(pl.col("id") == 2).then(3.5).otherwise("x"))


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (changed, r"of the 3 rows known by 2024-03-01T04:00:00\+00:00, some have changed"),
        (lambda rows: rows[1:], r"3 rows were known by 2024-03-01T04.*, and now it has 2"),
        (lambda rows: pl.concat([rows, rows[:1]]), "3 rows were known by .*, and now it has 4"),
        (lambda rows: rows.cast({"x": pl.Float32}), "of the 3 rows known by .*, some have changed"),
    ],
)
def test_a_changed_past_is_refused(
    shop: Workspace, change: Callable[[pl.DataFrame], pl.DataFrame], fact: str
) -> None:
    made = joined(shop)
    write(shop.root, change(pl.DataFrame(ROWS)))
    message = (
        f"View 'shop.sales': sources/sales.parquet is not what the dataset was made of: {fact}"
    )
    with pytest.raises(DataError, match=message):
        made.rebuild()


def test_a_lost_column_is_named(shop: Workspace) -> None:
    made = joined(shop)
    write(shop.root, pl.DataFrame(ROWS).drop("x"))
    with pytest.raises(ColumnMissingError, match=r"'shop.sales': feature 'x' reads column 'x'"):
        made.rebuild()


def test_the_fingerprint_of_the_source_is_that_of_all_its_rows(shop: Workspace) -> None:
    rows = pl.DataFrame({"id": [1, None], "time": [at(50), None], "x": [0.5, None]})
    for there in (
        pl.concat([pl.DataFrame(ROWS), rows.cast(dict(pl.DataFrame(ROWS).schema))]),
        pl.DataFrame(ROWS).with_columns(unread=pl.lit(1)),
    ):
        write(shop.root, there)
        made = joined(shop)
        assert made.origins[1].fingerprint == fingerprint(there)
        assert made.origins[1].n_rows == there.height
        assert made.origins[1].seen == fingerprint(pl.DataFrame(ROWS))


def test_static_views_are_compared_whole(make_view: MakeView) -> None:
    rows = {"id": [1, 2], "x": [1.0, 2.0]}
    view = make_view(rows, event_time=None, features={"x": "float"})
    made = training_set(pl.DataFrame({"id": [1]}), [view])
    assert made.rebuild().frame.equals(made.frame)
    make_view({"id": [1, 3], "x": [1.0, 2.0]}, event_time=None, features={"x": "float"})
    with pytest.raises(DataError, match=r"is not what .*: of the 2 rows known, some have changed"):
        made.rebuild()


def test_a_dataset_from_a_file_asks_its_workspace(shop: Workspace, tmp_path: Path) -> None:
    made = joined(shop)
    keep.write(made, tmp_path / "kept.parquet")
    kept = keep.read_dataset(tmp_path / "kept.parquet")
    assert kept.rebuild(shop).frame.equals(made.frame)
    with pytest.raises(UsageError, match=r"does not know its workspace.\nHint: give it"):
        kept.rebuild()


def test_a_view_that_means_something_else_is_refused(shop: Workspace) -> None:
    made = joined(shop)
    file = shop.root / "features" / "sales.yaml"
    file.write_text(VIEW.replace("9h", "8h"))
    with pytest.raises(DataError, match=r"'shop.sales' means something else .* \(its version 1\)"):
        made.rebuild(shop)
    assert made.rebuild().frame.equals(made.frame), "the views it was joined from are known"
    file.write_text(VIEW + "description: in other words\n")
    assert made.rebuild(shop).frame.equals(made.frame)


def test_derived_views_are_rebuilt_from_their_inputs(make_view: MakeView) -> None:
    rows = {"id": [1, 2], "time": [at(0), at(0)], "x": [1.0, 2.0]}
    plain = make_view(rows, features={"x": "float"})
    derived = FeatureView.model_validate(
        {
            "view": "shop.double",
            "inputs": {"x": "shop.sales.x"},
            "features": {"xx": {"type": "float", "sql": "x * 2"}},
        }
    )
    catalog = Catalog((plain, derived))
    asked = pl.DataFrame({"id": [2, 1], "t": [at(1), at(2)]})
    made = training_set(asked, ["shop.double"], catalog=catalog, cutoff="t")
    assert made.rebuild().frame["xx"].to_list() == [4.0, 2.0]
    assert [(o.view, o.n_seen) for o in made.origins[1:]] == [
        ("shop.double", None),
        ("shop.sales", 2),
    ]
    assert rebuild(made, view_in(catalog)).frame.equals(made.frame)
    make_view({**rows, "x": [1.0, 5.0]}, features={"x": "float"})
    with pytest.raises(DataError, match=r"View 'shop.sales': .* some have changed"):
        made.rebuild()
    other = FeatureView.model_validate({**plain.model_dump(mode="json"), "time_to_live": "1d"})
    changed = Catalog((other.at(Path()), derived))
    with pytest.raises(DataError, match=r"View 'shop.double' means something else"):
        rebuild(made, view_in(changed))


def test_datasets_that_were_not_joined(shop: Workspace) -> None:
    plain = Dataset(ASKED)
    with pytest.raises(UsageError, match="has no features that were joined"):
        plain.rebuild(shop)
    old = [
        Origin(o.view, o.source, o.fingerprint, o.n_rows, o.columns) for o in joined(shop).origins
    ]
    with pytest.raises(UsageError, match="does not say how it was joined: an earlier version"):
        replace(joined(shop), origins=tuple(old)).rebuild(shop)


def test_a_joined_dataset_can_be_sent_to_another_process(shop: Workspace) -> None:
    made = joined(shop)
    assert pickle.loads(pickle.dumps(made)).rebuild().frame.equals(made.frame)
