"""Sigstore, with an instance on this machine: who signs, who is believed, what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from model_signing import hashing, verifying

from proml_lab.errors import ArtifactError, SigningError
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.promote import artifacts, bundle, promote, reproduce
from proml_lab.promote.trust import (
    export_artifact,
    import_artifact,
    sign,
    signer,
    verify,
)
from proml_lab.promote.trust.sigstore import VARIABLE
from tests.promote.conftest import (
    FIT,
    IMPORTS,
    KEEP,
    PARAMETERS,
    RECORD,
    make_workspace,
    write_notebook,
)
from tests.promote.trust import instance
from tests.promote.trust.conftest import make_artifact
from tests.soak import FACTOR

ANN = "ann@example.org"


@dataclass(frozen=True)
class World:
    """A Sigstore instance and a workspace that signs by it, with ``shop@1``."""

    sigstore: instance.Instance
    root: Path

    @property
    def shop(self) -> Path:
        return self.root / ".proml" / "artifacts" / "shop" / "1"

    def workspace(self, *, trusts: str = ANN) -> Workspace:
        issuer = self.sigstore.address
        lines = ['sign_with = "sigstore"', 'sigstore = "trust.json"']
        lines += [f'trusted_identities = [{{name = "{trusts}", issuer = "{issuer}"}}]']
        (self.root / "proml.toml").write_text("\n".join(lines))
        return open_workspace(self.root)


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with instance.running() as sigstore, pytest.MonkeyPatch.context() as patch:
        world = World(sigstore, make_workspace(tmp_path_factory.mktemp("sigstore") / "workspace"))
        (world.root / "trust.json").write_text(json.dumps(sigstore.trust()))
        patch.setenv(VARIABLE, sigstore.token(ANN))
        world.shop.mkdir(parents=True)
        make_artifact(world.shop, signer(world.workspace()))
        yield world


@pytest.fixture
def world(made_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A copy of that workspace, with a valid token."""
    monkeypatch.setenv(VARIABLE, made_world.sigstore.token(ANN))
    yield World(made_world.sigstore, shutil.copytree(made_world.root, tmp_path / "workspace"))
    made_world.sigstore.refuses = ""


def test_who_signed_is_named_and_the_reference_agrees(world: World) -> None:
    found = verify("shop@1", workspace=world.workspace())
    assert found
    assert found.signer == f"{ANN} ({world.sigstore.address})"
    assert str(found).endswith(f"signed by {ANN} ({world.sigstore.address}).")
    assert not (world.shop / bundle.PUBLIC).exists()
    files = hashing.Config()  # type: ignore[no-untyped-call]
    files.set_ignored_paths(paths=[bundle.SIGNATURE], ignore_git_paths=False)
    reference = verifying.Config().use_sigstore_verifier(  # type: ignore[no-untyped-call]
        identity=ANN, oidc_issuer=world.sigstore.address, trust_config=world.root / "trust.json"
    )
    reference.set_hashing_config(files).verify(world.shop, world.shop / bundle.SIGNATURE)


def test_one_who_is_not_trusted_is_named(world: World) -> None:
    workspace = world.workspace(trusts="bob@example.org")
    found = verify("shop@1", workspace=workspace)
    mark = f"{ANN} ({world.sigstore.address})"
    assert not found
    assert found.problem == (
        f"its files are whole, but it is signed by one whom you do not trust, {mark}"
    )
    assert "--identity NAME ISSUER" in found.hint
    assert verify("shop@1", workspace=workspace, identity=(ANN, world.sigstore.address))
    assert not verify("shop@1", workspace=workspace, identity=(ANN, "https://example.org"))
    loose = verify("shop@1", workspace=workspace, any_key=True)
    assert loose
    assert f"signed by one who says to be {mark}, which is not a trusted one" in str(loose)


def test_another_instance_can_say_any_name_and_is_not_believed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with instance.running() as other:
        other.address = world.sigstore.address
        (world.root / "other.json").write_text(json.dumps(other.trust()))
        monkeypatch.setenv(VARIABLE, other.token(ANN))
        text = 'sign_with = "sigstore"\nsigstore = "other.json"'
        (world.root / "proml.toml").write_text(text)
        sign(world.shop, signer(open_workspace(world.root)))
    found = verify("shop@1", workspace=world.workspace())
    assert not found
    assert found.file == bundle.SIGNATURE
    assert found.problem.startswith(f"{bundle.SIGNATURE} does not hold: ")


def test_no_byte_of_the_signature_can_be_changed(world: World) -> None:
    workspace, path = world.workspace(), world.shop / bundle.SIGNATURE
    data = path.read_bytes()
    name = data.index(b"\\n\\n\xe2\x80\x94 log ") + 7  # the log's name, which nothing signs
    for at in {*range(name, name + 3), *range(0, len(data), 1 if FACTOR > 1 else 97)}:
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        found = verify("shop@1", workspace=workspace)
        assert not found, data[at - 30 : at + 10]
        assert found.file == bundle.SIGNATURE or "whom you do not trust" in found.problem


def test_a_file_that_was_changed_is_named(world: World) -> None:
    (world.shop / "data" / "shop.visits.json").write_text("{}")
    found = verify("shop@1", workspace=world.workspace())
    assert found.problem == "data/shop.visits.json was changed"


def test_a_promotion_its_reproduction_and_its_way_to_another_workspace(
    world: World, tmp_path: Path
) -> None:
    workspace = world.workspace()
    secret = f"import os; assert {VARIABLE!r} not in os.environ"
    notebook = write_notebook(
        world.root / "work.ipynb", secret, IMPORTS, FIT, KEEP, RECORD, parameters=PARAMETERS
    )
    made = promote(notebook, "visits", workspace=workspace)
    assert verify(made.key, workspace=workspace)
    assert bundle.PUBLIC not in made.manifest.files
    again = reproduce(made.key, workspace=workspace)
    assert again.path is not None
    assert "certificate" in (again.path.parent / bundle.SIGNATURE).read_text()
    file = export_artifact(made.key, tmp_path / "visits.proml", workspace=workspace).path
    elsewhere = make_workspace(tmp_path / "elsewhere")
    shutil.copy(world.root / "trust.json", elsewhere)
    (elsewhere / "proml.toml").write_text('sigstore = "trust.json"')
    with pytest.raises(ArtifactError, match="signed by one whom you do not trust, ann@"):
        import_artifact(file, workspace=elsewhere)
    who = (ANN, world.sigstore.address)
    assert import_artifact(file, workspace=elsewhere, identity=who).is_new


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", r"^No identity token for Sigstore is there\."),
        ("expired", rf"^The identity token of {VARIABLE} is not valid \(any more\): "),
        ("elsewhere", rf"^The identity token of {VARIABLE} is not valid \(any more\): "),
        ("nonsense", rf"^The identity token of {VARIABLE} is not valid \(any more\): "),
    ],
)
def test_a_token_that_is_no_good_stops_before_anything_runs(
    world: World, monkeypatch: pytest.MonkeyPatch, token: str, said: str
) -> None:
    given = {
        "expired": world.sigstore.token(ANN, seconds=-60),
        "elsewhere": world.sigstore.token(ANN, audience="another service"),
    }
    monkeypatch.setenv(VARIABLE, given.get(token, token))
    notebook = write_notebook(world.root / "work.ipynb", "open('ran', 'w')")
    with pytest.raises(SigningError, match=said) as caught:
        promote(notebook, "visits", workspace=world.workspace())
    assert VARIABLE in caught.value.hint
    assert not (world.root / "ran").exists()


@pytest.mark.parametrize("service", ["signingCert", "log/entries"])
def test_a_service_that_fails_leaves_no_version(world: World, service: str) -> None:
    world.sigstore.refuses = service
    cells = (IMPORTS, FIT, KEEP, RECORD)
    notebook = write_notebook(world.root / "work.ipynb", *cells, parameters=PARAMETERS)
    workspace = world.workspace()
    with pytest.raises(SigningError, match=r"^Sigstore did not sign: .*500") as caught:
        promote(notebook, "visits", workspace=workspace)
    assert "the run is kept in " in caught.value.hint
    world.sigstore.refuses = ""
    assert promote(notebook, "visits", workspace=workspace).version in (1, 2)
    there = artifacts(workspace=workspace).frame()
    assert there.filter(name="visits").height == 1


@pytest.mark.parametrize(
    ("text", "why"), [(None, "No such file or directory"), ("{}", "it is no ClientTrustConfig")]
)
def test_an_instance_that_is_not_described(world: World, text: str | None, why: str) -> None:
    path = world.root / "trust.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    said = rf"trust\.json does not describe a Sigstore instance: {why}\."
    for call in (lambda: signer(world.workspace()), lambda: verify("shop@1", workspace=world.root)):
        with pytest.raises(SigningError, match=said):
            call()


def test_the_public_instance_out_of_reach(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To sign, it is needed; to check, the roots that came with the library will do."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    world.workspace()
    text = (world.root / "proml.toml").read_text()
    (world.root / "proml.toml").write_text(text.replace("trust.json", ""))
    with pytest.raises(SigningError, match=r"^Sigstore's public instance cannot be reached: "):
        signer(open_workspace(world.root))
    found = verify("shop@1", workspace=world.root)
    assert found.problem.startswith("signature does not hold: ")
