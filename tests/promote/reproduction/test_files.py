"""Files of two bundles, compared."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from proml_lab.promote.reproduction.files import compare_files

TEXTS = {
    "spec.proml.yaml": "name: x\n",
    "model/model.json": '{"base": 0.5}\n',
    "model/requirements.txt": "numpy==1\n",
    "model/wheels/own.whl": "zip",
    "reports/metrics.json": '{"auc": 0.71}\n',
    "reports/card.md": "AUC 0.71\n",
    "notebook/report.html": "volatile",
}


def bundle(folder: Path, **changed: str) -> Path:
    for name, text in {**TEXTS, **{k.replace("__", "/"): v for k, v in changed.items()}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_what_a_notebook_makes_is_compared_and_the_environment_is_not(tmp_path: Path) -> None:
    one, two = bundle(tmp_path / "1"), bundle(tmp_path / "2")
    (two / "model" / "requirements.txt").write_text("numpy==2\n")
    (two / "reports" / "card.md").write_text("AUC 0.72\n")
    (two / "reports" / "metrics.json").write_text('{"auc": 0.7100000001}\n')
    found = {name: (kind, close.verdict) for kind, name, close in compare_files(one, two)}
    assert found == {
        "spec.proml.yaml": ("spec", "identical"),
        "model/model.json": ("model", "identical"),
        "reports/metrics.json": ("metrics", "within tolerance"),
        "reports/card.md": ("report", "different"),
    }


def test_a_file_that_only_one_has_is_different(tmp_path: Path) -> None:
    one, two = bundle(tmp_path / "1"), bundle(tmp_path / "2")
    (one / "reports" / "card.md").unlink()
    (two / "model" / "model.json").unlink()
    apart = {n for _, n, close in compare_files(one, two) if close.verdict == "different"}
    assert apart == {"reports/card.md", "model/model.json"}


def test_tables_are_compared_by_their_cells_and_bytes_by_nothing(tmp_path: Path) -> None:
    one, two = bundle(tmp_path / "1"), bundle(tmp_path / "2")
    frame = pl.DataFrame({"x": [1.0, 2.0], "who": ["a", "b"]})
    for name, other in (
        ("near", frame.with_columns(pl.col("x") + 1e-9)),
        ("far", frame.with_columns(pl.col("x") + 1)),
        ("typed", frame.cast({"x": pl.Float32})),
        ("longer", pl.concat([frame, frame])),
    ):
        frame.write_parquet(one / "model" / f"{name}.parquet")
        other.write_parquet(two / "model" / f"{name}.parquet")
    (one / "model" / "raw.bin").write_bytes(b"\xff\x00")
    (two / "model" / "raw.bin").write_bytes(b"\xff\x01")
    found = {Path(n).stem: close.verdict for _, n, close in compare_files(one, two)}
    assert found["near"] == "within tolerance"
    assert {found[name] for name in ("far", "typed", "longer", "raw")} == {"different"}
