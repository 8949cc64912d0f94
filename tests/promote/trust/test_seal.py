"""Nothing of an artifact is loaded that is not as it was signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from proml_lab import load_artifact
from proml_lab.errors import ArtifactError, MissingExtraError
from proml_lab.marketplace.workspace import Workspace
from proml_lab.promote import bundle, difference, reproduce, restore, show
from proml_lab.promote.trust import seal
from proml_lab.promote.trust.keys import signing_key
from proml_lab.promote.trust.seal import sealed
from tests.promote.trust.conftest import make_artifact
from tests.promote.trust.test_verification import rewrite

SCORES = "model/predictor/baseline.json"


def test_what_is_as_it_was_signed_is_handed_over(shop: Path) -> None:
    assert sealed(shop, ["model"]).key == "shop@1"
    (shop / "reports" / "card.md").write_text("not of these parts")
    assert sealed(shop, ["model"]).key == "shop@1"


def forged(shop: Path) -> None:
    """Another model under the old name: all fits, as far as one goes without the key."""
    head, scores = shop / "model" / "model.json", shop / SCORES
    before = bundle.digest(scores)
    scores.write_text(json.dumps({**json.loads(scores.read_text()), "raw_score": 9.0}))
    head.write_text(head.read_text().replace(before, bundle.digest(scores)))
    rewrite(shop)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (forged, "shop@1 is damaged: manifest.json was changed."),
        (lambda s: (s / SCORES).write_text("{}"), f"shop@1 is damaged: {SCORES} was changed."),
        (lambda s: (s / SCORES).unlink(), f"shop@1 is damaged: {SCORES} is missing."),
        (lambda s: (s / "signature").unlink(), "shop@1 is not loaded: signature is missing."),
        (
            lambda s: (s / "signature").write_text("{}"),
            "shop@1 is not loaded: signature does not hold: it is damaged.",
        ),
        (
            lambda s: (s / "signature.pub").unlink(),
            "shop@1 is not loaded: signature cannot be checked without signature.pub.",
        ),
        (lambda s: (s / "manifest.json").unlink(), "is damaged: manifest.json is missing."),
    ],
)
def test_what_was_altered_is_loaded_by_nothing(
    spoil: Callable[[Path], object], said: str, place: Workspace, shop: Path, tmp_path: Path
) -> None:
    whole = make_artifact(tmp_path / "whole", signing_key(place))
    spoil(shop)
    for load in (
        lambda: load_artifact(shop, place),
        lambda: show(shop, workspace=place),
        lambda: difference(whole, shop, workspace=place),
    ):
        with pytest.raises(ArtifactError) as caught:
            load()
        assert caught.value.message.endswith(said)
    with pytest.raises(ArtifactError):
        reproduce(shop, workspace=place)
    assert not (place.root / ".proml" / "runs").exists()


def test_what_is_altered_after_it_was_opened_is_neither_scored_with_nor_restored(
    place: Workspace, shop: Path, tmp_path: Path
) -> None:
    artifact = load_artifact("shop@1", place)
    (shop / SCORES).write_text((shop / SCORES).read_text() + " ")
    (shop / "data" / "shop.visits.json").write_text("{}")
    with pytest.raises(ArtifactError, match=f"{SCORES} was changed"):
        artifact.predict(pl.DataFrame({"x": [1.0]}))
    with pytest.raises(ArtifactError, match=r"data/shop\.visits\.json was changed"):
        restore(artifact, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_signature_of_another_key_than_lies_beside(
    place: Workspace, shop: Path, tmp_path: Path, write_key: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PROML_SIGNING_KEY", str(write_key("theirs.key")))
    other = make_artifact(tmp_path / "other", signing_key(place))
    (shop / "signature.pub").write_bytes((other / "signature.pub").read_bytes())
    with pytest.raises(ArtifactError, match=r"signature names another key than signature\.pub"):
        sealed(shop, ["model"])
    text = json.loads((shop / "signature").read_text())
    hint = json.loads((other / "signature").read_text())["verificationMaterial"]
    bundle.write_json(shop / "signature", {**text, "verificationMaterial": hint})
    with pytest.raises(ArtifactError, match="does not hold: it was not made by the key"):
        sealed(shop, ["model"])


def test_without_what_checks_signatures_nothing_is_loaded(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"signatures[^$]*pip install 'proml-lab\[train\]'"):
        load_artifact(shop)
