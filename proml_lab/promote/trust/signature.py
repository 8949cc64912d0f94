"""The signature of a folder: OpenSSF model signing with an elliptic key.

It is written by the library `model_signing` and read here, with `cryptography` alone: whoever has
the base install can verify. The format: docs/formats.md#signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proml_lab.errors import ArtifactError, SigningError
from proml_lab.promote import bundle
from proml_lab.promote.bundle import SIGNATURE
from proml_lab.promote.trust.keys import PublicKey, SigningKey

_MEDIA = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://model_signing/signature/v1.0"
_HASHES = {256: "SHA256", 384: "SHA384", 521: "SHA512"}
_DIGEST = re.compile(r"[0-9a-f]{64}")


def load() -> None:
    """Import what signs, which takes a second."""
    import model_signing.signing  # noqa: F401


def sign(folder: Path, key: SigningKey) -> None:
    """Write the file `signature` into `folder`: over every other file in it.

    Raises
    ------
    SigningError
        There is a link in `folder`, or the key cannot be used.
    """
    from model_signing import hashing, signing

    files = hashing.Config()  # type: ignore[no-untyped-call]
    files.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    signer = signing.Config()  # type: ignore[no-untyped-call]
    path = folder / SIGNATURE
    try:
        signer.use_elliptic_key_signer(private_key=key.path)
        signer.set_hashing_config(files).sign(folder, path)
    except ValueError as error:
        raise SigningError(f"{folder} cannot be signed: {error}.") from None
    bundle.write_json(path, json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Signature:
    """What a file `signature` holds.

    `key` is the fingerprint of the key that it says it was made with.
    """

    key: str
    payload: bytes = field(repr=False)
    value: bytes = field(repr=False)

    def files(self, key: PublicKey) -> Mapping[str, str]:
        """Path to sha256 of every file that was signed, if `key` signed it.

        Raises
        ------
        ArtifactError
            Another key did, or none, or what was signed is no list of files.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        public = key.load()
        algorithm = getattr(hashes, _HASHES[public.curve.key_size])()
        try:
            public.verify(self.value, _framed(self.payload), ec.ECDSA(algorithm))
        except InvalidSignature:
            raise ArtifactError(f"it was not made by the key {key.fingerprint[:16]}") from None
        return _listed(self.payload)

    def text(self) -> str:
        """The file, to the byte: there is one way to write a signature."""
        envelope = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": _PAYLOAD,
            "signatures": [{"keyid": "", "sig": base64.b64encode(self.value).decode()}],
        }
        material = {"publicKey": {"hint": self.key}, "tlogEntries": []}
        return bundle.json_text(
            {"dsseEnvelope": envelope, "mediaType": _MEDIA, "verificationMaterial": material}
        )


def read(path: Path) -> Signature:
    """The signature in the file `path`.

    Raises
    ------
    ArtifactError
        It is no signature of the only form that is written here.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data: Any = json.loads(text)
        envelope = data["dsseEnvelope"]
        found = Signature(
            key=str(data["verificationMaterial"]["publicKey"]["hint"]),
            payload=base64.b64decode(envelope["payload"], validate=True),
            value=base64.b64decode(envelope["signatures"][0]["sig"], validate=True),
        )
        whole = found.text() == text
    except (OSError, ValueError, LookupError, TypeError, RecursionError, binascii.Error):
        whole = False
    if not whole:
        raise ArtifactError("it is damaged")
    return found


def _framed(payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding of the payload."""
    head = f"DSSEv1 {len(_PAYLOAD)} {_PAYLOAD} {len(payload)} "
    return head.encode() + payload


def _listed(payload: bytes) -> Mapping[str, str]:
    """The files in a signed statement; nothing else may be said there."""
    try:
        statement: Any = json.loads(payload)
        (subject,) = statement["subject"]
        resources = statement["predicate"]["resources"]
        digests = {one["name"]: one["digest"] for one in resources}
        known = (
            (statement["_type"], statement["predicateType"]) == (_STATEMENT, _PREDICATE)
            and statement["predicate"]["serialization"]
            == {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [SIGNATURE],
            }
            and all(one["algorithm"] == "sha256" for one in resources)
            and all(_DIGEST.fullmatch(digest) for digest in digests.values())
            and len(digests) == len(resources)
            and subject["digest"]["sha256"] == _root(digests)
        )
    except (ValueError, LookupError, TypeError, RecursionError):
        known = False
    if not known:
        raise ArtifactError("what was signed is not a list of files")
    return digests


def _root(digests: Mapping[str, str]) -> str:
    """One digest for all files: of their digests, in the order of the list."""
    whole = b"".join(bytes.fromhex(digest) for digest in digests.values())
    return hashlib.sha256(whole).hexdigest()
