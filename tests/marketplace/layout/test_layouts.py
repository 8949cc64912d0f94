"""When layouts are made, found, made anew and let go; and all that can go wrong meanwhile."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from proml_lab.contracts import Dataset
from proml_lab.errors import DataError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.layout.layouts import Layouts, LayoutWarning
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import open_workspace
from tests.marketplace.conftest import MakeView, at

N = 3000
ROWS = pl.DataFrame(
    {
        "id": [i % 7 for i in range(N)],
        "time": [at(i / 10) for i in range(N)],
        "x": [float(i) for i in range(N)],
        "y": [str(i) for i in range(N)],
    }
)
ASKED = pl.DataFrame({"id": [0, 3, 99, 0], "t": [at(20), at(400), at(1), at(0)]})
FEATURES = {"x": "float", "y": "string"}


@pytest.fixture
def layouts(tmp_path: Path) -> Layouts:
    return Layouts(tmp_path / "layouts", 1 << 30, 1 << 30, smallest=0)


@pytest.fixture
def view(make_view: MakeView) -> FeatureView:
    return make_view(ROWS, features=FEATURES)


def joined(view: FeatureView, layouts: Layouts | None, *names: str) -> Dataset:
    wanted = {view.view: [*(names or view.features)]}
    return training_set(ASKED, [wanted], catalog=Catalog((view,)), cutoff="t", layouts=layouts)


def same(view: FeatureView, layouts: Layouts, *names: str) -> None:
    """Where it is laid out, the join gives what it gives by reading."""
    laid, read = joined(view, layouts, *names), joined(view, None, *names)
    assert laid.frame.equals(read.frame)
    assert laid.origins == read.origins


def folders(layouts: Layouts) -> list[Path]:
    return sorted(place for place in layouts.folder.iterdir() if place.is_dir())


def made(layouts: Layouts) -> dict[str, int]:
    """The files of the only layout, and which ones these are."""
    (folder,) = folders(layouts)
    return {file.name: file.stat().st_ino for file in folder.iterdir() if file.suffix != ".json"}


def test_a_layout_is_made_once_and_found(view: FeatureView, layouts: Layouts) -> None:
    same(view, layouts)
    first = made(layouts)
    same(view, layouts)
    assert made(layouts) == first


def test_columns_come_as_they_are_asked(view: FeatureView, layouts: Layouts) -> None:
    same(view, layouts, "x")
    first = made(layouts)
    same(view, layouts, "y")
    assert first.items() < made(layouts).items()
    same(view, layouts)


def test_views_of_one_source_share_a_layout(
    view: FeatureView, make_view: MakeView, layouts: Layouts
) -> None:
    same(view, layouts)
    other = view.model_dump(mode="json", exclude_none=True) | {"view": "shop.other"}
    root = view.root
    assert root is not None
    same(FeatureView.model_validate({**other, "time_to_live": "1h"}).at(root), layouts)
    assert len(folders(layouts)) == 1
    same(FeatureView.model_validate({**other, "known_at": {"delay": "1h"}}).at(root), layouts)
    same(FeatureView.model_validate({**other, "ties": "id"}).at(root), layouts)
    assert len(folders(layouts)) == 3


def test_a_grown_source_is_laid_out_anew(
    view: FeatureView, make_view: MakeView, layouts: Layouts
) -> None:
    first = joined(view, layouts)
    (old,) = folders(layouts)
    late = pl.DataFrame({"id": [0], "time": [at(500)], "x": [-1.0], "y": ["late"]})
    grown = make_view(pl.concat([ROWS[::-1], late]), features=FEATURES)
    same(grown, layouts)
    assert [place for place in folders(layouts) if place == old] == []
    assert first.rebuild().frame.equals(first.frame)
    make_view(ROWS.with_columns(x=-pl.col("x")), features=FEATURES)
    with pytest.raises(DataError, match="some have changed"):
        first.rebuild()


@pytest.mark.parametrize("change", ["flipped", "short", "gone"])
def test_damage_is_mended(view: FeatureView, layouts: Layouts, change: str) -> None:
    same(view, layouts)
    (folder,) = folders(layouts)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        middle = len(whole) // 2
        if change == "gone":
            file.unlink()
        elif change == "short":
            file.write_bytes(whole[:middle])
        else:
            file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        same(view, layouts)
        assert file.stat().st_size >= len(whole) - 9


def test_small_sources_and_those_without_room_are_read(
    view: FeatureView, make_view: MakeView, layouts: Layouts
) -> None:
    for limits in ({"smallest": 1 << 20}, {"memory": N}, {"limit": N}):
        same(view, replace(layouts, **limits))
    wide = make_view(ROWS.cast({"x": pl.Int128}), features=FEATURES, view="shop.wide")
    same(wide, layouts)
    assert not layouts.folder.exists()


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_a_folder_of_partitions_that_grows(tmp_path: Path, layouts: Layouts, ending: str) -> None:
    def write(day: int) -> None:
        rows = ROWS.filter(pl.col("time").dt.day() == day).reverse()
        place = tmp_path / "sales" / f"day=2024-03-{day:02}"
        place.mkdir(parents=True)
        match ending:
            case "parquet":
                rows.write_parquet(place / "rows.parquet", row_group_size=50)
            case "csv":
                naive = pl.col("time").dt.replace_time_zone(None)
                rows.with_columns(naive, day=pl.lit(day)).write_csv(place / "rows.csv")
            case _:
                rows.write_ipc(place / "rows.arrow", record_batch_size=50)

    view = FeatureView.model_validate(
        {
            "view": "shop.sales", "source": {"path": "sales", "time_zone": "UTC"},
            "entities": ["id"], "event_time": "time",
            "features": {
                "x": "float", "day": {"type": "string", "sql": "cast(day as varchar)"},
                "n": {"type": "integer", "aggregate": "count", "window": "2d"},
            },
        }
    ).at(tmp_path)  # fmt: skip
    for day in (2, 9, 5):
        write(day)
        same(view, layouts, "day")
        same(view, layouts)
        assert len(folders(layouts)) == 1


def test_wide_columns_count(make_view: MakeView, layouts: Layouts) -> None:
    vectors = pl.Series("v", [[0.5] * 64] * N, dtype=pl.Array(pl.Float64, 64))
    view = make_view(ROWS.with_columns(vectors), features={"x": "float", "v": "vector[64]"})
    same(view, replace(layouts, memory=300 * N))
    same(view, replace(layouts, limit=300 * N))
    assert not layouts.folder.exists()
    same(view, replace(layouts, memory=300 * N), "x")
    same(view, replace(layouts, memory=1200 * N))
    assert len(folders(layouts)) == 1


def test_only_files_are_laid_out(tmp_path: Path, layouts: Layouts) -> None:
    import duckdb

    with duckdb.connect(tmp_path / "shop.duckdb") as connection:
        connection.execute("set timezone = 'UTC'")
        connection.sql(
            "create table s as select 0 as id, timestamptz '2024-03-01 00:00:00+00' as time, "
            "1.0::double as x"
        )
    view = FeatureView.model_validate(
        {
            "view": "shop.sales", "entities": ["id"], "event_time": "time",
            "source": {"database": "duckdb:///shop.duckdb", "table": "s"},
            "features": {"x": "float"},
        }
    ).at(tmp_path)  # fmt: skip
    same(view, layouts)
    assert not layouts.folder.exists()


def test_the_one_that_was_not_used_for_longest_goes(make_view: MakeView, layouts: Layouts) -> None:
    views = [make_view(ROWS, features=FEATURES, view=f"shop.v{i}") for i in range(3)]
    for view in views[:2]:
        same(view, layouts)
    first, second = folders(layouts)
    size = sum(file.stat().st_size for file in first.iterdir())
    for folder in (first, second):
        os.utime(folder / "layout.json", (1, 1))
    joined(views[0], layouts)
    used = max((first, second), key=lambda folder: (folder / "layout.json").stat().st_mtime)
    same(views[2], replace(layouts, limit=int(2.5 * size)))
    assert len(folders(layouts)) == 2
    assert used in folders(layouts)


def test_a_source_that_changes_meanwhile(
    view: FeatureView, make_view: MakeView, layouts: Layouts
) -> None:
    def change(part: float, _words: str) -> None:
        if part > 0.5:
            make_view(ROWS[1:], features=FEATURES)

    assert replace(layouts, tell=change).open(view, ["id", "time", "x"]) is None
    assert folders(layouts) == []
    same(view, layouts)


def test_an_interrupt_leaves_nothing(view: FeatureView, layouts: Layouts) -> None:
    def stop(part: float, words: str) -> None:
        assert words.removeprefix("laying out ") == "shop.sales"
        if part > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        joined(view, replace(layouts, tell=stop))
    assert folders(layouts) == []


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o640])
def test_who_may_not_read_the_source_may_not_read_its_layout(
    view: FeatureView, layouts: Layouts, mode: int
) -> None:
    view.table.files[0].chmod(mode)
    joined(view, layouts)
    (folder,) = folders(layouts)
    assert (folder.stat().st_mode & 0o077 > 0) == (mode == 0o644)


SCRIPT = """
    import os, resource, signal, sys, warnings
    from pathlib import Path
    from dataclasses import replace
    from proml_lab.marketplace.layout.layouts import Layouts, LayoutWarning
    from proml_lab.marketplace.view import FeatureView
    from tests.marketplace.layout.test_layouts import joined

    def tell(part, words):
        if sys.argv[3] == "kill" and part >= float(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)

    root = Path(sys.argv[1])
    view = FeatureView.read(sys.argv[2], root=root)
    layouts = Layouts(root / "layouts", 1 << 30, 1 << 30, smallest=0, tell=tell)
    warnings.simplefilter("always", LayoutWarning)
    if sys.argv[3] == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
    print(joined(view, layouts).fingerprint)
"""


def elsewhere(view: FeatureView, *said: str) -> subprocess.Popen[str]:
    """Another process that joins."""
    root = view.root
    assert root is not None
    file = root / "view.yaml"
    file.write_text(view.model_dump_json(exclude_none=True))
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(root), str(file), *said]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("part", ["0", "0.4", "0.7"])
def test_a_killed_process_leaves_nothing_in_the_way(
    view: FeatureView, layouts: Layouts, part: str
) -> None:
    killed = elsewhere(view, "kill", part)
    killed.communicate()
    assert killed.returncode == -9
    same(view, layouts)
    assert len(folders(layouts)) == 1


def test_a_full_disk_costs_time_only(view: FeatureView, layouts: Layouts) -> None:
    full = elsewhere(view, "full", "20000")
    out, told = full.communicate()
    assert out.strip() == joined(view, None).fingerprint
    assert told.count("LayoutWarning") == 1
    assert "No layout of shop.sales.parquet is kept" in told
    assert folders(layouts) == []


def test_two_processes_at_once(view: FeatureView, layouts: Layouts) -> None:
    others = [elsewhere(view, "join") for _ in range(2)]
    outs = {other.communicate()[0].strip() for other in others}
    assert outs == {joined(view, None).fingerprint}
    same(view, layouts)
    assert len(folders(layouts)) == 1


def test_while_another_makes_it_the_source_is_read(view: FeatureView, layouts: Layouts) -> None:
    inside: list[Dataset] = []

    def tell(_part: float, _words: str) -> None:
        inside.append(joined(view, layouts))  # the lock is held: not even this process comes in

    found = joined(view, replace(layouts, tell=tell))
    assert len(inside) > 2
    assert all(one.frame.equals(found.frame) for one in inside)


def test_a_place_that_cannot_be_written(view: FeatureView, layouts: Layouts) -> None:
    layouts.folder.write_text("")
    with pytest.warns(LayoutWarning, match=r"No layout of shop.sales.parquet is kept in .*layouts"):
        found = joined(view, layouts)
    assert found.frame.equals(joined(view, None).frame)


def test_a_joined_dataset_knows_where_layouts_are(view: FeatureView, layouts: Layouts) -> None:
    told: list[str] = []
    made = joined(view, replace(layouts, tell=lambda _part, words: told.append(words)))
    assert told
    again = pickle.loads(pickle.dumps(made)).rebuild()
    assert again.frame.equals(made.frame)


def test_a_workspace_says_where(tmp_path: Path) -> None:
    (tmp_path / "proml.toml").write_text('layout_limit = "2GB"\nmemory = "1GB"\n')
    found = open_workspace(tmp_path).layouts()
    assert found == Layouts(tmp_path / ".proml" / "layouts", 2 * 10**9, 10**9)
    (tmp_path / "proml.toml").write_text('layout_limit = "0"\n')
    assert open_workspace(tmp_path).layouts() is None


def test_nothing_is_said_where_all_is_well(view: FeatureView, layouts: Layouts) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same(view, layouts)


def test_a_workspace_lays_out_for_joins_and_not_for_coverage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "proml.toml").touch()
    (tmp_path / "features").mkdir()
    ROWS.write_parquet(tmp_path / "sales.parquet")
    (tmp_path / "features" / "sales.yaml").write_text(
        "{view: shop.sales, source: sales.parquet, entities: [id], event_time: time, "
        "features: {x: float}}"
    )
    shop, place = open_workspace(tmp_path), tmp_path / ".proml" / "layouts"
    told: list[str] = []

    def join() -> Dataset:
        tell = lambda _part, words: told.append(words)  # noqa: E731
        return shop.training_set(ASKED, ["shop.sales"], cutoff="t", progress=tell)

    made = join()
    assert not place.exists(), "the source is small"
    monkeypatch.setattr(Layouts, "_pays", lambda layouts, _view, _columns: layouts.limit > 0)
    shop.coverage(ASKED, ["shop.sales"], cutoff="t")
    assert [*place.rglob("layout.json")] == []
    assert join().frame.equals(made.frame)
    assert len([*place.rglob("layout.json")]) == 1
    assert told[0] == "laying out shop.sales"
    n_told = len(told)
    assert join().frame.equals(shop.rebuild(made).frame)
    assert shop.coverage(ASKED, ["shop.sales"], cutoff="t").n_asked == ASKED.height
    assert len(told) == n_told
