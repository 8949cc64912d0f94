"""Both tours made again from their bundles alone, in an environment built from their locks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.apart.conftest import call

pytestmark = pytest.mark.timeout(2400)


def reproduce(folder: Path, place: Path, *options: str) -> list[dict[str, str]]:
    """The outputs of an artifact that was carried to an empty workspace."""
    alone = shutil.copytree(folder, place / "copy")
    (place / "workspace" / "features").mkdir(parents=True)
    (place / "workspace" / "proml.toml").write_text("")
    words = [sys.executable, "-m", "proml_lab", "reproduce", alone, *options, "--json"]
    said = call(*words, "--workspace", place / "workspace")
    (report,) = (place / "workspace" / ".proml" / "reproductions").glob("*/reproduction.json")
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["outputs"] == json.loads(said)
    assert found["environment"] == ("fresh" if options else "same")
    return list(found["outputs"])


@pytest.mark.parametrize("options", [(), ("--fresh-env",)], ids=["here", "fresh"])
def test_a_tour_comes_out_identical(tour: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    outputs = reproduce(tour, tmp_path, *options)
    apart = [row for row in outputs if row["verdict"] != "identical"]
    assert apart == []
    said = [row["name"] for row in outputs if row["what"] == "predictions"]
    assert len(said) == 2
    assert said[0].endswith("held-out rows")
    assert said[1] == "100 example rows"


def test_another_model_is_told_by_its_predictions(tour: Path, tmp_path: Path) -> None:
    """The same notebook with five trees: its predictions are others, and by how much is said."""
    alone = shutil.copytree(tour, tmp_path / "copy")
    code = (
        "import json, sys; from pathlib import Path; from proml_lab import open_workspace;"
        "from proml_lab.promote import bundle;"
        "from proml_lab.promote.trust import sign, signing_key;"
        "folder = Path(sys.argv[1]); manifest = bundle.read_manifest(folder);"
        "given = {**manifest.parameters, 'n_trees': 5};"
        "manifest = manifest.model_copy(update={'parameters': given});"
        "bundle.write_json(folder / 'manifest.json', manifest.model_dump(mode='json'));"
        "(folder / 'signature').unlink(); sign(folder, signing_key(open_workspace(sys.argv[2])))"
    )
    call(sys.executable, "-c", code, alone, tour.parents[3])
    words = [sys.executable, "-m", "proml_lab", "reproduce", alone]
    run = subprocess.run(
        [*map(str, words), "--workspace", str(tour.parents[3])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    assert "held-out rows differ by at most" in run.stdout
