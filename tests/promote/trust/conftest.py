"""A small artifact made by hand, of every kind of file, and signed; copies of it to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from proml_lab.contracts import Dataset
from proml_lab.learners import fit
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.promote import bundle
from proml_lab.promote.bundle import Manifest
from proml_lab.promote.trust import Signer, crate, leave_key, sign, signing_key
from proml_lab.spec import ModelSpec
from tests.promote.conftest import make_workspace

SPEC = "{name: shop, label: late, spine: {source: made}, split: {by: random}, learner: baseline}"
FILES = {
    "spec.proml.yaml": SPEC,
    "data/shop.visits.json": '{"view": "shop.visits"}\n',
    "environment/pylock.toml": 'lock-version = "1.0"\n',
    "environment/platform.json": '{"python": "3.11"}\n',
    "notebook/source.ipynb": '{"cells": []}\n',
    "notebook/executed.ipynb": '{"cells": [], "metadata": {}}\n',
    "notebook/report.html": "<!doctype html>\n",
    "reports/metrics.json": '{"metrics": []}\n',
    "reports/card.md": "# shop\n",
    "reports/a picture.svg": "<svg/>\n",
    "model/.hidden": "kept\n",
    "model/MLmodel": "flavors: {}\n",
}
VALUES = {"depth": 3, "rate": 0.5, "deep": True, "who": "ä", "days": [1, 2], "none": None}


def make_artifact(folder: Path, key: Signer, *, name: str = "shop", version: int = 1) -> Path:
    """An artifact in `folder`, signed with `key`."""
    frame = pl.DataFrame({"x": [1.0, 2.0] * 9, "late": [0, 1] * 9})
    fit(ModelSpec.parse(SPEC), Dataset(frame, label="late", features=("x",))).save(folder / "model")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    leave_key(folder, key)
    manifest = Manifest(
        name=name,
        version=version,
        created="2026-01-02T03:04:05+00:00",
        notebook="work/shop.ipynb",
        parameters=dict(VALUES),
        model={"learner": "baseline", "task": "binary", "label": "late", "data": "0" * 32},
        files={},
    )
    graph = crate.describe(manifest, bundle.index(folder), description="Who comes late.")
    bundle.write_json(folder / bundle.CRATE, graph)
    manifest = manifest.model_copy(update={"files": bundle.index(folder)})
    bundle.write_json(folder / bundle.MANIFEST, manifest.model_dump(mode="json"))
    sign(folder, key)
    return folder


def make_shop(folder: Path) -> Path:
    """A workspace in `folder` with the artifact ``shop@1``, which its registry does not know."""
    root = make_workspace(folder)
    place = root / ".proml" / "artifacts" / "shop" / "1"
    place.mkdir(parents=True)
    make_artifact(place, signing_key(open_workspace(root)))
    return root


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the artifact ``shop@1``; read-only by agreement."""
    return make_shop(tmp_path_factory.mktemp("made") / "workspace")


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Workspace:
    """A copy of that workspace."""
    return open_workspace(shutil.copytree(made, tmp_path / "workspace"))


@pytest.fixture
def shop(place: Workspace) -> Path:
    """The folder of ``shop@1`` in it."""
    return place.root / ".proml" / "artifacts" / "shop" / "1"


@pytest.fixture
def write_key(tmp_path: Path) -> Callable[..., Path]:
    """``write_key("name", curve=…)``: a private key in a file that only its owner can read."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def written(name: str, *, curve: ec.EllipticCurve | None = None, password: bytes = b"") -> Path:
        locked = serialization.BestAvailableEncryption(password) if password else None
        pem = ec.generate_private_key(curve or ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            locked or serialization.NoEncryption(),
        )
        path = tmp_path / name
        path.write_bytes(pem)
        path.chmod(0o600)
        return path

    return written
