"""Keys: made once, for their owner's eyes only, never in a workspace."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import util
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from proml_lab.errors import MissingExtraError, SigningError
from proml_lab.marketplace.settings import WorkspaceConfig
from proml_lab.marketplace.workspace import Workspace
from proml_lab.promote.trust import keys
from proml_lab.promote.trust.keys import read_public, signing_key, trusted
from tests.promote.conftest import make_workspace

WriteKey = Callable[..., Path]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of settings; no key is named elsewhere."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("PROML_SIGNING_KEY", raising=False)
    return tmp_path / "settings" / "proml"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(make_workspace(tmp_path / "workspace"))


def naming(workspace: Workspace, key: Path | str) -> Workspace:
    return Workspace(workspace.root, WorkspaceConfig(signing_key=str(key)))


def test_the_key_is_made_at_first_use_and_stays(settings: Path, workspace: Workspace) -> None:
    assert trusted(workspace) == ()
    key = signing_key(workspace)
    assert key.path == settings / "signing.key"
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.stat().st_mode) == 0o700
    assert {path.name for path in settings.iterdir()} == {"signing.key", "signing.pub"}
    assert (settings / "signing.pub").read_bytes() == key.public.pem
    assert signing_key(workspace) == key
    assert trusted(None) == trusted(workspace) == (key.public,)
    assert isinstance(key.public.load().curve, ec.SECP256R1)


def test_the_fingerprint_is_what_openssl_and_sha256sum_say(
    settings: Path, workspace: Workspace
) -> None:
    key = signing_key(workspace)
    command = f"openssl ec -in {key.path} -pubout 2>/dev/null | sha256sum"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == key.public.fingerprint


def test_eight_at_once_make_one_key(settings: Path, workspace: Workspace) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = {one.public.pem for one in pool.map(signing_key, [workspace] * 8)}
    assert len(made) == 1
    assert {path.name for path in settings.iterdir()} == {"signing.key", "signing.pub"}


def test_the_home_folder_is_taken_where_no_settings_are(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "relative/path"):
        monkeypatch.setenv("XDG_CONFIG_HOME", value)
        assert keys.folder() == tmp_path / ".config" / "proml"


def test_a_key_that_others_can_read_is_refused(settings: Path, workspace: Workspace) -> None:
    path = signing_key(workspace).path
    for mode in (0o604, 0o640, 0o660, 0o644):
        path.chmod(mode)
        with pytest.raises(
            SigningError, match=f"can be read by others.\nHint: run: chmod 600 {path}"
        ):
            signing_key(workspace)
        with pytest.raises(SigningError, match="can be read by others"):
            trusted(workspace)


def test_a_key_of_the_settings_and_of_the_environment(
    settings: Path, workspace: Workspace, write_key: WriteKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write_key("mine.key", curve=ec.SECP384R1())
    place = naming(workspace, mine)
    assert signing_key(place).path == mine
    assert trusted(place) == (signing_key(place).public,)
    assert not settings.exists()
    assert signing_key(naming(workspace, "../mine.key")).public == signing_key(place).public
    monkeypatch.setenv("PROML_SIGNING_KEY", str(write_key("ci.key")))
    assert signing_key(place).path.name == "ci.key"
    assert trusted(None) == (signing_key(place).public,)


@pytest.mark.parametrize("name", ["signing.key", "deep/signing.key"])
def test_a_key_in_the_workspace_is_refused(
    name: str, settings: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SigningError, match=r"the setting 'signing_key' names, lies in the works"):
        signing_key(naming(workspace, name))
    monkeypatch.setenv("PROML_SIGNING_KEY", str(workspace.root / name))
    with pytest.raises(SigningError, match=r"which PROML_SIGNING_KEY names, lies in the workspace"):
        signing_key(workspace)


def test_keys_that_cannot_be_used(
    settings: Path, workspace: Workspace, write_key: WriteKey, tmp_path: Path
) -> None:
    text = tmp_path / "text.key"
    text.write_text("no key")
    text.chmod(0o600)
    for path, said in (
        (tmp_path / "none.key", "cannot be read: No such file"),
        (text, "holds no private key"),
        (write_key("locked.key", password=b"secret"), "is locked with a password"),
        (write_key("other.key", curve=ec.SECP256K1()), "is not of an elliptic curve"),
    ):
        with pytest.raises(SigningError, match=said):
            signing_key(naming(workspace, path))


def test_a_key_of_another_kind_is_refused(
    settings: Path, workspace: Workspace, tmp_path: Path
) -> None:
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(tmp_path / "ed.key")]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "ed.key").chmod(0o600)
    with pytest.raises(SigningError, match=r"not of an elliptic curve.*\nHint: make one: openssl"):
        signing_key(naming(workspace, tmp_path / "ed.key"))
    public = tmp_path / "ed.pub"
    command = ["openssl", "pkey", "-in", str(tmp_path / "ed.key"), "-pubout", "-out", str(public)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(SigningError, match=r"P-256, P-384 or P-521"):
        read_public(public)


def test_the_hint_makes_a_key_that_is_taken(
    settings: Path, workspace: Workspace, tmp_path: Path
) -> None:
    text = tmp_path / "no.key"
    text.write_text("")
    text.chmod(0o600)
    with pytest.raises(SigningError) as caught:
        signing_key(naming(workspace, text))
    command = caught.value.hint.removeprefix("make one: ").replace("FILE", str(tmp_path / "new"))
    subprocess.run(command.split(), check=True, capture_output=True)
    (tmp_path / "new").chmod(0o600)
    assert signing_key(naming(workspace, tmp_path / "new")).public.fingerprint


def test_a_folder_that_cannot_be_written(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    with pytest.raises(
        SigningError, match=r"cannot be made: Not a directory[^$]*PROML_SIGNING_KEY"
    ):
        signing_key(workspace)


def test_public_keys_of_others(settings: Path, workspace: Workspace, tmp_path: Path) -> None:
    own = signing_key(workspace)
    folder = workspace.root / "trusted-keys"
    folder.mkdir()
    (folder / "anna.pub").write_bytes(own.public.pem.replace(b"\n", b"\r\n"))
    (folder / "README.md").write_text("not a key")
    found = trusted(workspace)
    assert [key.whose for key in found] == ["your own key", "anna"]
    assert len({key.fingerprint for key in found}) == 1, "line ends do not count"
    with pytest.raises(SigningError, match=r"none.pub cannot be read: No such file"):
        read_public(tmp_path / "none.pub")
    (folder / "bert.pub").write_text("bert")
    with pytest.raises(SigningError, match=r"bert.pub holds no public key"):
        trusted(workspace)


def test_what_signs_is_not_installed(
    settings: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = util.find_spec
    monkeypatch.setattr(keys, "find_spec", lambda name: None if name == "OpenSSL" else found(name))
    with pytest.raises(
        MissingExtraError, match=r"model-signing.*\n.*pip install 'proml-lab\[lab\]'"
    ):
        signing_key(workspace)
    assert not settings.exists()


def test_verifying_needs_nothing_but_the_base_install(made: Path) -> None:
    code = f"""
import sys
for name in ("model_signing", "OpenSSL", "sigstore", "mlflow", "papermill", "pandas"):
    sys.modules[name] = None
from proml_lab import verify
found = verify("shop@1", workspace={str(made)!r})
assert found, found
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
