"""``%proml features health``: the report, its rows as JSON and the status."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from proml_lab.cli import main
from proml_lab.magics import features_health as verb
from proml_lab.magics import verbs
from proml_lab.magics.context import Context


def test_the_verb(flights_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "copy"
    shutil.copytree(flights_folder, root)
    place = ["--workspace", str(root)]
    assert main(["features", "health", "planes.static", *place, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["mark"] for row in rows} == {"good"}
    (root / "sources" / "planes.parquet").unlink()
    assert main(["features", "health", "planes.static", *place]) == 1
    assert "FH001" in capsys.readouterr().out
    args = verbs.parser("features health", prog=verbs.NOTEBOOK).parse(["planes.static"])
    found = verb.run(args, Context({}, folder=str(root)))
    args.workspace = str(root)
    made: dict[str, object] = {}
    *lines, last = verb.code(args).splitlines()
    exec("\n".join([*lines, f"found = {last}"]), made)
    assert made["found"].frame().equals(found.frame())
