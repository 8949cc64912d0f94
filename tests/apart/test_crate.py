"""The crates of both tours as roc-validator sees them, a reader and rules that are not ours."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.apart.conftest import call, make_environment

pytestmark = pytest.mark.timeout(900)

KNOWN = {
    "process-run-crate-0.5_3.2": "an address of the notebook and of this package, which have none",
    "process-run-crate-0.5_5.1": "the same: that their names are addresses",
    "process-run-crate-0.5_8.6": "who promoted, which is not known",
    "ro-crate-1.1_22.2": "who the author is, which is not known",
    "ro-crate-1.1_22.3": "who publishes, which is not known",
    "workflow-ro-crate-1.0_6.1": "a README.md: manifest.json, card.md and report.html tell it all",
    "workflow-ro-crate-1.0_6.2": "the same",
    "workflow-ro-crate-1.0_8.1": "a profile of Bioschemas that asks for creator and publisher",
}
"""Rules that crates should keep and ours do not, and what they ask for."""


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(interpreter with roc-validator, the vocabulary of RO-Crate 1.1 as rocrate 0.13 ships it)."""
    folder = tmp_path_factory.mktemp("validator")
    python = make_environment(folder / "env", "roc-validator==0.13.0")
    download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder]
    call(*download, "rocrate==0.13.0")
    (wheel,) = folder.glob("rocrate-*.whl")
    context = folder / "context.jsonld"
    context.write_bytes(zipfile.ZipFile(wheel).read("rocrate/data/ro-crate.jsonld"))
    return python, context


def asked(validator: tuple[Path, Path], folder: Path, profile: str, severity: str) -> Any:
    python, context = validator
    script = Path(__file__).with_name("validate.py")
    said = call(python, "-W", "ignore", script, context, folder, profile, severity)
    return json.loads(said.splitlines()[-1])


@pytest.mark.parametrize("profile", ["process-run-crate-0.5", "workflow-run-crate-0.5"])
def test_a_tour_keeps_every_rule_and_all_advice_but_what_nobody_knows(
    profile: str, tour: Path, validator: tuple[Path, Path]
) -> None:
    found = asked(validator, tour, profile, "RECOMMENDED")
    assert found["checks"] > 50
    assert [row for row in found["rows"] if row[0] == "REQUIRED"] == []
    assert {check for _, check, _ in found["rows"]} <= set(KNOWN)


def test_the_validator_finds_what_is_wrong(
    tour: Path, validator: tuple[Path, Path], tmp_path: Path
) -> None:
    copy = shutil.copytree(tour, tmp_path / "copy")
    path = copy / "ro-crate-metadata.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"ComputationalWorkflow"', '"Thing"'))
    found = asked(validator, copy, "workflow-run-crate-0.5", "REQUIRED")
    assert "workflow-ro-crate-1.0_2.1" in {check for _, check, _ in found["rows"]}
