"""Signatures: the one form they have, and that the reference implementation agrees."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing import hashing, signing, verifying

from proml_lab.errors import ArtifactError, SigningError
from proml_lab.promote import bundle
from proml_lab.promote.trust import signature
from proml_lab.promote.trust.keys import PublicKey, SigningKey, _read_private

WriteKey = Callable[..., Path]


def key_of(path: Path) -> SigningKey:
    return SigningKey(path, PublicKey(_read_private(path), path.name))


@pytest.fixture
def key(write_key: WriteKey) -> SigningKey:
    return key_of(write_key("some.key"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a few files, one of which other tools would skip."""
    for name, text in {"a": "one", "b/c": "two", ".gitignore": "x", "b.d/\u00e4": ""}.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text(text)
    return tmp_path / "folder"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_what_is_signed_is_read_and_the_reference_agrees(
    curve: ec.EllipticCurve, folder: Path, write_key: WriteKey, tmp_path: Path
) -> None:
    key = key_of(write_key("some.key", curve=curve))
    signature.sign(folder, key)
    found = signature.read(folder / "signature")
    assert found.key == key.public.fingerprint
    assert found.files(key.public) == {
        "a": sha256("one"),
        "b/c": sha256("two"),
        ".gitignore": sha256("x"),
        "b.d/\u00e4": sha256(""),
    }
    (tmp_path / "some.pub").write_bytes(key.public.pem)
    config = verifying.Config().use_elliptic_key_verifier(public_key=tmp_path / "some.pub")
    every = hashing.Config().set_ignored_paths(paths=["signature"], ignore_git_paths=False)
    config.set_hashing_config(every).verify(folder, folder / "signature")


def test_what_the_reference_writes_is_read_in_our_form_only(folder: Path, key: SigningKey) -> None:
    every = hashing.Config().set_ignored_paths(paths=["signature"], ignore_git_paths=False)
    signer = signing.Config().use_elliptic_key_signer(private_key=key.path)
    signer.set_hashing_config(every).sign(folder, folder / "signature")
    with pytest.raises(ArtifactError, match="it is damaged"):
        signature.read(folder / "signature")
    bundle.write_json(folder / "signature", json.loads((folder / "signature").read_text()))
    assert len(signature.read(folder / "signature").files(key.public)) == 4


def holds(path: Path, key: PublicKey) -> bool:
    try:
        found = signature.read(path)
        return found.key == key.fingerprint and len(found.files(key)) == 4
    except ArtifactError:
        return False


def test_every_byte_of_it_counts(folder: Path, key: SigningKey) -> None:
    signature.sign(folder, key)
    path = folder / "signature"
    whole = path.read_bytes()
    assert holds(path, key.public)
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not holds(path, key.public), at
    path.write_bytes(whole)
    assert holds(path, key.public)


def test_two_signatures_differ_in_nothing_but_their_number(folder: Path, key: SigningKey) -> None:
    texts = []
    for _ in range(2):
        signature.sign(folder, key)
        texts.append(json.loads((folder / "signature").read_text()))
        (folder / "signature").unlink()
    payloads = [text["dsseEnvelope"].pop("payload") for text in texts]
    assert payloads[0] == payloads[1]
    assert [one.pop("signatures") for one in (text["dsseEnvelope"] for text in texts)]
    assert texts[0] == texts[1]


def test_the_signature_of_another_key(folder: Path, key: SigningKey, write_key: WriteKey) -> None:
    signature.sign(folder, key)
    other = key_of(write_key("other.key")).public
    with pytest.raises(ArtifactError, match=f"not made by the key {other.fingerprint[:16]}"):
        signature.read(folder / "signature").files(other)


STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "x", "digest": {"sha256": hashlib.sha256(b"\0" * 32).hexdigest()}}],
    "predicateType": "https://model_signing/signature/v1.0",
    "predicate": {
        "resources": [{"name": "a", "algorithm": "sha256", "digest": "0" * 64}],
        "serialization": {
            "method": "files",
            "hash_type": "sha256",
            "allow_symlinks": False,
            "ignore_paths": ["signature"],
        },
    },
}


def signed(payload: bytes, key: SigningKey) -> signature.Signature:
    """A true signature of any payload."""
    from cryptography.hazmat.primitives import hashes, serialization

    private = serialization.load_pem_private_key(key.path.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    kind = "application/vnd.in-toto+json"
    framed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    value = private.sign(framed, ec.ECDSA(hashes.SHA256()))
    return signature.Signature(key.public.fingerprint, payload, value)


def test_a_statement_made_by_hand_from_the_format(key: SigningKey) -> None:
    payload = json.dumps(STATEMENT).encode()
    assert signed(payload, key).files(key.public) == {"a": "0" * 64}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Statement/v1", "Statement/v2"),
        ("signature/v1.0", "signature/v2.0"),
        ('"files"', '"shards"'),
        ('"sha256", "digest"', '"blake2b", "digest"'),
        ('"hash_type": "sha256"', '"hash_type": "blake3"'),
        ("false", "true"),
        ('["signature"]', '["signature", "model"]'),
        ("0" * 64, "0" * 62),
        ("0" * 64, "1" * 64),
        ('"resources"', '"files"'),
        ('"a"', '["a"]'),
        (
            '"resources": [{',
            '"resources": [{"name": "a", "algorithm": "sha256", "digest": "' + "0" * 64 + '"}, {',
        ),
        ('"subject": [', '"subject": [{}, '),
        ("{", "["),
    ],
)
def test_any_other_statement_is_refused(before: str, after: str, key: SigningKey) -> None:
    text = json.dumps(STATEMENT)
    assert before in text
    with pytest.raises(ArtifactError, match="what was signed is not a list of files"):
        signed(text.replace(before, after, 1).encode(), key).files(key.public)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "[" * 100_000, '{"dsseEnvelope": 1}'])
def test_what_is_no_signature(text: str, tmp_path: Path) -> None:
    (tmp_path / "signature").write_text(text)
    with pytest.raises(ArtifactError, match="it is damaged"):
        signature.read(tmp_path / "signature")
    with pytest.raises(ArtifactError, match="it is damaged"):
        signature.read(tmp_path / "none")


def test_base64_has_one_form_too(folder: Path, key: SigningKey) -> None:
    signature.sign(folder, key)
    data = json.loads((folder / "signature").read_text())
    value = data["dsseEnvelope"]["signatures"][0]
    value["sig"] = base64.b64encode(base64.b64decode(value["sig"])).decode() + "\n"
    bundle.write_json(folder / "signature", data)
    with pytest.raises(ArtifactError, match="it is damaged"):
        signature.read(folder / "signature")


def test_a_folder_with_a_link_is_not_signed(folder: Path, key: SigningKey) -> None:
    (folder / "link").symlink_to("a")
    with pytest.raises(SigningError, match="cannot be signed"):
        signature.sign(folder, key)
    assert not (folder / "signature").exists()
