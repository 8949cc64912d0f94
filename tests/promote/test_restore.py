"""A workspace made again from an artifact alone, and what is told where that cannot be."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ArtifactError, UsageError
from proml_lab.marketplace.workspace import open_workspace
from proml_lab.promote import Artifact, load_artifact, notebook_of, promote, restore
from proml_lab.promote.restore import _settle, _toml
from tests.promote.conftest import write_notebook

VIEW = """
view: shop.rain
description: Rain.
owner: weather
source: sources/rain.parquet
entities: [shop]
event_time: hour
known_at: {delay: 1h}
features:
  rain: {type: float, description: Rain of an hour.}
"""
SPEC = """
name: sold-out
label: sold_out
spine: {source: orders, entities: [shop], cutoff: cutoff}
features: [{spine: [basket]}, shop.rain]
split: {by: random}
learner: linear
"""
CELLS = (
    """
import json, csv
from pathlib import Path
import polars as pl
import tools
from proml_lab.authoring import fit
from proml_lab.promote import record
from proml_lab.spec import ModelSpec
""",
    """
names = json.loads(Path("work/names.json").read_text())
extra = pl.read_parquet(f"sources/{names['extra']}.parquet")
part = pl.scan_csv("work/parts/*.csv").collect()
Path("made.txt").write_text("made by the run")
made = Path("made.txt").read_text()
text = "SELECT * FROM 'work/named only.csv'"
""",
    """
model = fit(ModelSpec.read("sold-out.proml.yaml"))
record({"model": model, "rows": extra.height + part.height + tools.three()})
""",
)


@dataclass(frozen=True)
class Shop:
    root: Path
    artifact: Artifact


def make_shop(root: Path, settings: str = "rows = 7\n") -> Path:
    (root / "features").mkdir(parents=True)
    (root / "sources").mkdir()
    (root / "work" / "parts").mkdir(parents=True)
    (root / "proml.toml").write_text(settings)
    (root / "features" / "rain.yaml").write_text(VIEW)
    (root / "sold-out.proml.yaml").write_text(SPEC)
    (root / "tools.py").write_text("def three():\n    return 3\n")
    (root / "work" / "names.json").write_text('{"extra": "more"}')
    (root / "work" / "named only.csv").write_text("a\n1\n")
    (root / "work" / "never read.csv").write_text("a\n1\n")
    for i in range(2):
        (root / "work" / "parts" / f"{i}.csv").write_text(f"a\n{i}\n")
    hours = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 9), "1h", time_zone="UTC", eager=True
    )
    n = len(hours)
    rain = pl.DataFrame(
        {"shop": ["north"] * n, "hour": hours, "rain": [float(i * 7 % 5) for i in range(n)]}
    )
    rain.write_parquet(root / "sources" / "rain.parquet")
    rain.select(
        "shop",
        pl.col("hour").dt.offset_by("65m").alias("cutoff"),
        pl.Series("basket", [float(i % 9) for i in range(n)]),
        pl.Series("sold_out", [int(i * 7 % 5 > 2 or i % 6 == 0) for i in range(n)]),
    ).write_parquet(root / "sources" / "orders.parquet")
    rain.head(5).write_parquet(root / "sources" / "more.parquet")
    write_notebook(root / "work" / "shop.ipynb", *CELLS)
    return root


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Promoted once in its own workspace; read-only by agreement."""
    root = make_shop(tmp_path_factory.mktemp("shop") / "shop")
    shutil.move(root / "work" / "shop.ipynb", root / "shop.ipynb")
    return Shop(root, promote(root / "shop.ipynb", "sold-out", workspace=root))


def index_of(artifact: Artifact) -> dict[str, object]:
    found: dict[str, object] = json.loads((artifact.path / "data" / "index.json").read_text())
    return found


def test_everything_that_was_read_is_kept_and_nothing_else(shop: Shop) -> None:
    files = {row["path"]: row["how"] for row in index_of(shop.artifact)["files"]}  # type: ignore[attr-defined]
    assert files == {
        "features/rain.yaml": "opened",
        "proml.toml": "opened",
        "sold-out.proml.yaml": "opened",
        "sources/more.parquet": "opened",
        "sources/orders.parquet": "opened",
        "sources/rain.parquet": "opened",
        "work/named only.csv": "named",
        "work/names.json": "opened",
        "work/parts/0.csv": "opened",
        "work/parts/1.csv": "opened",
    }
    for path in files:
        kept = shop.artifact.path / "data" / "files" / path
        assert kept.read_bytes() == (shop.root / path).read_bytes()
    assert index_of(shop.artifact)["outside"] == []


def test_a_restored_workspace_gives_the_same_model_and_metrics(shop: Shop, tmp_path: Path) -> None:
    place = restore(shop.artifact, tmp_path / "again")
    assert place.root == tmp_path / "again"
    assert place.config.rows == 7
    notebook = notebook_of(shop.artifact, place.root)
    again = promote(notebook, "sold-out", shop.artifact.parameters, workspace=place)
    assert again.version == 1
    assert again.path.is_relative_to(tmp_path)
    old, new = shop.artifact.manifest, again.manifest
    assert set(old.files) == set(new.files)
    differ = {name for name in old.files if old.files[name] != new.files[name]}
    assert differ <= set(old.volatile)


def test_what_was_not_kept_is_taken_from_a_workspace_if_it_is_the_same(
    shop: Shop, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(shop.root, tmp_path / "other"))
    (other / "proml.toml").write_text('snapshot_limit = "5KB"\n')
    (other / ".env").write_text("PASSWORD=1")
    path = write_notebook(other / "shop.ipynb", *CELLS, "text = open('.env').read()")
    made = promote(path, "small", workspace=other)
    rows = {row["path"]: row for row in index_of(made)["files"]}  # type: ignore[attr-defined]
    kept = {path for path, row in rows.items() if row["kept"]}
    assert sum(rows[path]["bytes"] for path in kept) <= 5000
    assert "features/rain.yaml" in kept
    assert rows[".env"] == {
        "path": ".env", "how": "opened", "kept": False, "why": "may hold secrets"
    }  # fmt: skip
    assert rows["sources/orders.parquet"]["why"] == "over snapshot_limit"
    assert not (made.path / "data" / "files" / ".env").exists()
    with pytest.raises(ArtifactError) as caught:
        restore(made, tmp_path / "alone")
    assert "it also needs .env (may hold secrets); " in str(caught.value)
    assert f"sha256 {rows['sources/orders.parquet']['sha256']}" in str(caught.value)
    orders = pl.read_parquet(other / "sources" / "orders.parquet")
    orders.reverse().write_parquet(other / "sources" / "orders.parquet", row_group_size=9)
    place = restore(made, tmp_path / "helped", workspace=open_workspace(other))
    assert (place.root / ".env").read_text() == "PASSWORD=1"
    assert place.config.snapshot_limit == "5KB"
    orders.head(9).write_parquet(other / "sources" / "orders.parquet")
    with pytest.raises(ArtifactError, match=r"it also needs sources/orders.parquet \(over"):
        restore(made, tmp_path / "hindered", workspace=open_workspace(other))


def changed(artifact: Artifact, folder: Path, **facts: object) -> Artifact:
    """A copy whose index says something else, and a manifest that agrees with it."""
    from proml_lab.promote.bundle import digest, read_manifest

    copy = Path(shutil.copytree(artifact.path, folder))
    index = copy / "data" / "index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), **facts}))
    manifest = read_manifest(copy)
    entry = {"sha256": digest(index), "bytes": index.stat().st_size}
    files = {**manifest.model_dump()["files"], "data/index.json": entry}
    return Artifact(copy, type(manifest).model_validate({**manifest.model_dump(), "files": files}))


@pytest.mark.parametrize(
    "path", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:/out.txt", ".proml/x", "a\\b", ""]
)
def test_paths_that_lead_out_are_refused(shop: Shop, tmp_path: Path, path: str) -> None:
    row = {"path": path, "how": "opened", "kept": True}
    bad = changed(shop.artifact, tmp_path / "bad", files=[row])
    with pytest.raises(ArtifactError, match="is damaged: it names the file"):
        restore(bad, tmp_path / "in" / "there")
    assert not list(tmp_path.rglob("out.txt"))


def test_an_index_that_cannot_be_read(shop: Shop, tmp_path: Path) -> None:
    other = changed(shop.artifact, tmp_path / "other", format=2)
    with pytest.raises(ArtifactError, match=r"index.json is not readable: its format is 2"):
        restore(other, tmp_path / "there")


def test_a_damaged_artifact_and_a_full_folder_are_refused(shop: Shop, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(shop.artifact.path, tmp_path / "copy"))
    (copy / "data" / "files" / "tool.csv").write_text("more")
    with pytest.raises(ArtifactError, match=r"data/files/tool.csv is not in its manifest"):
        restore(Artifact(copy, shop.artifact.manifest), tmp_path / "there")
    with pytest.raises(UsageError, match="copy is not empty"):
        restore(shop.artifact, copy)


def test_a_registry_elsewhere_and_whom_to_trust_are_left_alone(shop: Shop, tmp_path: Path) -> None:
    files = list(index_of(shop.artifact)["files"])  # type: ignore[call-overload]
    settings = tmp_path / "bad" / "data" / "files" / "proml.toml"
    bad = changed(shop.artifact, tmp_path / "bad", files=files)
    settings.write_text(
        'registry = "https://mlflow.example.org"\nrows = 7\nsign_with = "sigstore"\n'
        'trusted_keys = "/tmp"\n'
        '[[trusted_identities]]\nname = "eve@example.org"\nissuer = "https://example.org"\n'
    )
    entry = {**bad.manifest.model_dump()["files"]}
    from proml_lab.promote.bundle import digest

    entry["data/files/proml.toml"] = {
        "sha256": digest(settings), "bytes": settings.stat().st_size
    }  # fmt: skip
    manifest = type(bad.manifest).model_validate({**bad.manifest.model_dump(), "files": entry})
    place = restore(Artifact(bad.path, manifest), tmp_path / "there")
    assert place.config.registry == "sqlite:///.proml/registry.db"
    assert place.config.rows == 7
    assert (place.config.sign_with, place.config.trusted_keys) == ("key", "trusted-keys")
    assert place.config.trusted_identities == ()


def test_parents_come_along(shop: Shop, tmp_path: Path) -> None:
    manifest = shop.artifact.manifest.model_copy(update={"parents": ("sold-out@1",)})
    child = Artifact(shop.artifact.path, manifest)
    with pytest.raises(ArtifactError, match="it also needs the artifact sold-out@1"):
        restore(child, tmp_path / "alone")
    place = restore(child, tmp_path / "there", workspace=open_workspace(shop.root))
    assert load_artifact("sold-out@1", workspace=place).key == "sold-out@1"


def test_every_setting_can_be_written_and_read_again(tmp_path: Path) -> None:
    given = {"catalog": ["features", 'more "views"'], "sensitivity": "internal", "rows": 7}
    _settle(tmp_path, given)
    said = open_workspace(tmp_path).config.model_dump(mode="json")
    assert {name: said[name] for name in given} == given
    (tmp_path / "other").mkdir()
    _settle(tmp_path / "other", {})
    assert open_workspace(tmp_path / "other").config.sensitivity is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        'a "b" \\ c\n',
        3,
        0.5,
        True,
        [],
        ["a", 1],
        {},
        {"net work": ["a"], "b": {"c": [{"d": 1}]}},
    ],
)
def test_settings_as_toml(value: object) -> None:
    assert tomllib.loads(f"setting = {_toml(value)}\n") == {"setting": value}
