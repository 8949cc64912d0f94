"""docs/formats.md names each field of an artifact where its file is described."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from pydantic import BaseModel

from proml_lab.contracts import Origin
from proml_lab.marketplace.settings import WorkspaceConfig
from proml_lab.marketplace.workspace import Workspace
from proml_lab.promote import bundle
from proml_lab.promote.bundle import FileEntry, InputEntry, LintEntry, Manifest
from proml_lab.promote.freeze import code, data
from proml_lab.promote.freeze.code import Imported
from proml_lab.promote.freeze.git import Checkout
from proml_lab.promote.freeze.reads import Read, Reads
from proml_lab.promote.gates.entry import GateEntry, HeldOutEntry, Override, TrainedEntry
from proml_lab.promote.recorded import Metric
from proml_lab.promote.reproduction.result import SCHEMA, Reproduction
from tests.promote.conftest import Promoted
from tests.promote.freeze.test_rows import keep

PAGES = Path(__file__).parents[2] / "docs"
PAGE = (PAGES / "formats.md").read_text(encoding="utf-8")
SECTIONS = {
    "manifest.json": "### Manifest",
    "signature": "### Signature",
    "environment/platform.json": "### Environment",
    "environment/pylock.toml": "### Environment",
    "code/modules.json": "### Code",
    "code/git.json": "### Code",
    "data/index.json": "## Data",
    "data/shop.visits.json": "## Data",
    "model/model.json": "## Model folder",
    "model/MLmodel": "### MLflow's files",
    "model/python_env.yaml": "### MLflow's files",
    "model/input_example.json": "### MLflow's files",
    "model/serving_input_example.json": "### MLflow's files",
    "notebook/cells.json": "**The cells.**",
    "reports/metrics.json": "### Metrics and reports",
    "reports/groups.json": "### Groups",
    "reports/comparison.json": "### Metrics and reports",
    "reports/drivers.json": "### Metrics and reports",
}
"""File to the place of the page that tells of it."""
ELSEWHERE = {
    "notebook/source.ipynb",  # Jupyter's format
    "notebook/executed.ipynb",
    "ro-crate-metadata.json",  # the words of RO-Crate: tests/promote/trust/test_crate.py
    "model/predictor/features.json",  # its keys are names: tests/learners/test_formats_page.py
}
OPEN = {
    "manifest.json": {"files", "parameters", "seconds", "reports"},
    "model/model.json": {"inputs", "types", "files"},
    "model/MLmodel": {"columns"},
    "code/modules.json": {"modules"},
    "data/index.json": {"schema", "settings"},
    "data/shop.visits.json": {"schema"},
}
"""Fields whose own keys are names that somebody gave: columns, paths, parameters."""


def section(head: str) -> str:
    """What stands under `head` up to the next one that is no part of it."""
    _, found, rest = PAGE.partition(f"\n{head}")
    assert found, head
    level = len(head) - len(head.lstrip("#"))
    end = rf"\n#{{1,{level}}} " if level else r"\n(#+ |\*\*)"
    return re.split(end, rest)[0]


def named(text: str) -> set[str]:
    """The words that are set as code in `text`."""
    blocks = re.findall(r"```(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {word for piece in [*blocks, *inline] for word in re.findall(r"[\w-]+", piece)}


def keys(data: Any, free: set[str]) -> Iterator[str]:
    """Every key in `data`, however deep; of a field in `free` only what its values hold."""
    if isinstance(data, list):
        for item in data:
            yield from keys(item, free)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            inside = list(value.values()) if key in free and isinstance(value, dict) else value
            yield from keys(inside, free)


def parsed(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    return json.loads(text) if text.startswith(("{", "[")) else yaml.safe_load(text)


@pytest.mark.parametrize("name", [n for n in SECTIONS if n != "code/git.json"])
def test_every_field_of_an_artifact_is_on_the_page(promoted: Promoted, name: str) -> None:
    found = set(keys(parsed(promoted.artifacts[1].path / name), OPEN.get(name, set())))
    assert found
    assert found - named(section(SECTIONS[name])) == set()


def test_every_file_with_fields_is_looked_at(promoted: Promoted) -> None:
    folder = promoted.artifacts[1].path
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    kinds = (".json", ".yaml", ".toml", ".ipynb")
    spec = {"spec.proml.yaml", "model/spec.proml.yaml"}  # docs/language.md
    assert {name for name in there if name.endswith(kinds)} - spec <= {*SECTIONS, *ELSEWHERE}


def test_what_only_some_artifacts_have_is_on_the_page(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    pl.DataFrame({"x": [1]}).write_parquet(root / "a.parquet")
    (root / ".env").write_text("x")
    reads = Reads(tuple(Read(n, "opened") for n in (".env", "a.parquet")), (("elsewhere", ".csv"),))
    place = Workspace(root, WorkspaceConfig())
    keep(tmp_path / "held", "b", ["a"])
    keep(tmp_path / "held", "c", ["a"], limit=1)
    data.write(tmp_path / "data", place, reads, origins=(), cutoff=None, held=tmp_path / "held")
    index = parsed(tmp_path / "data" / "index.json")
    assert {key for file in index["files"] for key in file} == {
        *("path", "how", "kept", "why", "bytes", "sha256", "table")
    }
    assert {key for row in index["rows"] for key in row} == {
        *("source", "key", "columns", "n_rows", "bytes", "kept", "why")
    }
    assert set(keys(index, OPEN["data/index.json"])) <= named(section("## Data"))
    assert named(section("## Data")) >= data.OWN
    git = Checkout("c" * 40, None, dirty=True, diff=b"x", diff_bytes=1)
    code.write(tmp_path / "code", root, Imported(), git)
    assert set(keys(parsed(tmp_path / "code" / "git.json"), set())) <= named(section("### Code"))


@pytest.mark.parametrize(
    "kind",
    [Manifest, FileEntry, InputEntry, LintEntry, GateEntry, Override, HeldOutEntry, TrainedEntry],
)
def test_every_field_of_the_manifest_is_on_the_page(kind: type[BaseModel]) -> None:
    assert set(kind.model_fields) - named(section("### Manifest")) == set()


def test_the_page_makes_up_no_field() -> None:
    rows = re.findall(r"^\| (`.+?) \|", section("### Manifest"), re.MULTILINE)
    told = [word for row in rows for word in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(Manifest.model_fields)
    rows = re.findall(r"^\| (`.+?) \|", section("### Metrics and reports").split("###")[0], re.M)
    told = [word for row in rows[:6] for word in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(Metric("auc", 0.5).row())


def test_every_field_of_a_reproduction_is_on_the_page() -> None:
    table = pl.DataFrame([["run", "", "identical", 0.0, 0.0, ""]], schema=SCHEMA, orient="row")
    told = Reproduction("a@1", "identical", "same", (), "", 0.0, table).to_dict()
    assert set(keys(told, set())) <= named(section("**A reproduction**"))


def test_origins_and_volatile_files_are_on_the_page() -> None:
    assert {field.name for field in fields(Origin)} <= named(section("## Model folder"))
    text = named(section("### Manifest"))
    for name in (*bundle.VOLATILE, "notebook/source.ipynb"):
        folder, _, file = name.rpartition("/")
        assert {*re.findall(r"[\w-]+", folder or file)} <= text
