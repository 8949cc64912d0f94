"""What differs between two artifacts."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ArtifactError, UnknownNameError
from proml_lab.promote import Artifact, difference
from proml_lab.promote.bundle import Manifest, read_manifest
from tests.promote.conftest import Promoted


def test_the_same_again_differs_in_nothing_but_time(promoted: Promoted) -> None:
    found = difference("visits@1", "visits@2", workspace=promoted.workspace)
    assert not found
    assert found.frame().is_empty()
    assert str(found) == "visits@2 and visits@1 differ in nothing but time."
    assert str(found) in found._repr_mimebundle_()["text/html"]


def test_another_parameter_is_shown_with_what_it_changed(promoted: Promoted) -> None:
    found = difference(promoted.artifacts[1], promoted.artifacts[2])
    assert found
    frame = found.frame()
    by = dict(frame.group_by("what").len().iter_rows())
    assert by["parameter"] == 1
    assert "data" not in by
    assert "code" not in by
    assert "environment" not in by
    assert ("parameter", "depth", "2", "3", "") in frame.rows()
    (spec,) = frame.filter(pl.col("what") == "spec").rows()
    assert spec == ("spec", "learner.trees.num_leaves", "4", "8", "")
    auc = frame.filter(pl.col("name") == "auc")
    assert float(auc["before"][0]) != float(auc["after"][0])
    assert auc["note"][0].startswith(("better by 0.", "worse by 0.", "no detectable difference"))
    untested = difference(promoted.artifacts[1], promoted.artifacts[2], significance=False)
    assert set(untested.frame()["note"]) == {""}
    assert untested.frame().drop("note").equals(frame.drop("note"))
    assert str(found).startswith(
        "visits@3 differs from visits@2 in parameters (1), spec (1), metric"
    )


@pytest.fixture
def changed(promoted: Promoted, tmp_path: Path) -> Artifact:
    """Version 1 with another cell, another package, other data."""
    copy = Path(shutil.copytree(promoted.artifacts[0].path, tmp_path / "copy"))
    source = copy / "notebook" / "source.ipynb"
    node = json.loads(source.read_text())
    node["cells"][0]["source"] = "# Another title"
    node["cells"][3]["source"][-1] = "model = fit(spec, other)"
    node["cells"].append({**node["cells"][-1], "source": ["more()"]})
    source.write_text(json.dumps(node))
    lock = copy / "environment" / "pylock.toml"
    lock.write_text(lock.read_text() + '\n[[packages]]\nname = "zzz"\nversion = "1+cpu"\n')
    platform = copy / "environment" / "platform.json"
    row = {"library": "mine", "version": "1", "threads": 7, "layer": None, "architecture": None}
    platform.write_text(json.dumps({**json.loads(platform.read_text()), "threads": [row]}))
    spec = copy / "spec.proml.yaml"
    spec.write_text(f"{spec.read_text()}features: [planes.static, weather: [rain, wind]]\n")
    manifest = read_manifest(copy)
    entry = manifest.inputs[0].model_copy(update={"fingerprint": "e" * 32})
    return Artifact(copy, manifest.model_copy(update={"inputs": (entry,)}))


def test_code_data_and_environment(promoted: Promoted, changed: Artifact) -> None:
    rows = difference(promoted.artifacts[0], changed).frame().rows()
    code = [row[1:4] for row in rows if row[0] == "code"]
    assert len(code) == 2
    assert code[0][0].startswith("code cell 3, line ")
    assert code[0][1:] == ("model = fit(spec, data)", "model = fit(spec, other)")
    assert code[1] == ("code cell 6", "", "more()")
    assert ("environment", "zzz", "", "1+cpu", "") in rows
    assert ("environment", "threads of mine 1", "", "7", "") in rows
    assert [row[1:4] for row in rows if row[0] == "spec"] == [
        ("features.planes.static", "", "all"),
        ("features.weather", "", "rain, wind"),
    ]
    assert [r[1:4] for r in rows if r[0] == "data"] == [
        ("shop.visits", f"400 rows, {'f' * 32}", f"400 rows, {'e' * 32}")
    ]


def test_verdicts_are_compared(promoted: Promoted) -> None:
    first = promoted.artifacts[0]
    gate = {"gate": "auc", "limit": ">= 0.9", "verdict": "failed", "why": "It is not."}
    beside = {**gate, "limit": ">= champion", "against": "visits@1"}
    said = {"reason": "a trial", "who": "ann", "when": "2026-01-01T00:00:00+00:00"}
    told = {"status": "overridden", "gates": [gate, beside], "override": said}
    manifest = Manifest.model_validate({**first.manifest.model_dump(), **told})
    found = difference(first, Artifact(first.path, manifest))
    assert found.frame().rows() == [
        ("verdict", "status", "accepted", "overridden", ""),
        ("verdict", "gate auc >= 0.9", "", "failed", ""),
        ("verdict", "gate auc >= champion", "", "failed, beside visits@1", ""),
        ("verdict", "override", "", "a trial", ""),
    ]


def test_files_are_the_last_word(promoted: Promoted) -> None:
    first = promoted.artifacts[0]
    files = dict(first.manifest.files)
    entry = files["model/model.json"].model_copy(update={"sha256": "0" * 64})
    other = first.manifest.model_copy(update={"files": {**files, "model/model.json": entry}})
    found = difference(first, Artifact(first.path, other))
    assert [row[:2] for row in found.frame().rows()] == [("file", "model/model.json")]


@pytest.mark.parametrize("name", ["data/index.json", "environment/platform.json"])
def test_a_file_that_is_gone_or_no_json_is_told(
    promoted: Promoted, tmp_path: Path, name: str
) -> None:
    first = promoted.artifacts[0]
    copy = Path(shutil.copytree(first.path, tmp_path / "copy"))
    (copy / name).write_text("[")
    with pytest.raises(ArtifactError, match=r"copy is damaged: JSONDecodeError: "):
        difference(first, Artifact(copy, first.manifest))
    (copy / name).unlink()
    if name != "data/index.json":
        with pytest.raises(ArtifactError, match=f"copy is damaged: {name} is missing"):
            difference(first, Artifact(copy, first.manifest))


def test_what_is_not_there(promoted: Promoted) -> None:
    with pytest.raises(UnknownNameError, match="no 'visits' version '9'"):
        difference("visits@1", "visits@9", workspace=promoted.workspace)


def test_types_cutoffs_and_files_of_the_data(promoted: Promoted, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(promoted.artifacts[0].path, tmp_path / "copy"))
    view, index = copy / "data" / "shop.visits.json", copy / "data" / "index.json"
    schema = {"x": "Float64", "who": "String"}
    told = {**json.loads(view.read_text()), "schema": schema, "until": "2024-01-01T00:00:00+00:00"}
    view.write_text(json.dumps(told))
    files = [
        {"path": "visits.parquet", "sha256": "a" * 64},  # a source: its fingerprint is told above
        {"path": "rain.yaml", "sha256": "b" * 64},
        {"path": "t.parquet", "sha256": "b" * 64, "table": {"fingerprint": "c" * 32}},
        {"path": ".env", "why": "may hold secrets"},
    ]
    index.write_text(json.dumps({**json.loads(index.read_text()), "files": files}))
    found = difference(promoted.artifacts[0], Artifact(copy, read_manifest(copy)))
    assert [row[1:4] for row in found.frame().rows() if row[0] == "data"] == [
        ("shop.visits, joined until", "", "2024-01-01T00:00:00+00:00"),
        ("shop.visits, column x", "", "Float64"),
        ("shop.visits, column who", "", "String"),
        ("file rain.yaml", "", "b" * 64),
        ("file t.parquet", "", "c" * 32),
        ("file .env", "", "may hold secrets"),
    ]


def test_the_same_packages_from_other_files(promoted: Promoted, tmp_path: Path) -> None:
    first = promoted.artifacts[0]
    copy = Path(shutil.copytree(first.path, tmp_path / "copy"))
    lock = copy / "environment" / "pylock.toml"
    text = lock.read_text()
    wheels = '\nversion = "1.26"\nwheels = [{ name = "a.whl" }]\n'
    lock.write_text(re.sub(r'(?<=\nname = "pandas")\nversion = ".*"\n', wheels, text))
    n = text.count("[[packages]]")
    before, after = (
        row
        for row in difference(first, Artifact(copy, first.manifest)).frame().rows()
        if row[1] in ("packages whose files are known", "pandas")
    )
    known = text.count("wheels = ")
    assert before[2:4] == (f"{known} of {n}", f"{known + 1} of {n}")
    assert after[3] == "1.26"
