"""The signature of a folder: OpenSSF model signing with an elliptic key, or by Sigstore.

It is written by the library `model_signing` and read here, with `cryptography` alone: whoever has
the base install can verify; only who it is that Sigstore certified needs its library. The format:
docs/formats.md#signature.
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
from typing import TYPE_CHECKING, Any

from proml_lab.errors import ArtifactError, SigningError
from proml_lab.promote import bundle
from proml_lab.promote.bundle import SIGNATURE
from proml_lab.promote.trust import sigstore
from proml_lab.promote.trust.keys import PublicKey
from proml_lab.promote.trust.signers import Signer
from proml_lab.promote.trust.sigstore import Identity, SigningIdentity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

_MEDIA = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://model_signing/signature/v1.0"
_HASHES = {256: "SHA256", 384: "SHA384", 521: "SHA512"}
_DIGEST = re.compile(r"[0-9a-f]{64}")


def load() -> None:
    """Import what signs, which takes a second."""
    import model_signing.signing  # noqa: F401


def sign(folder: Path, signer: Signer) -> None:
    """Write the file `signature` into `folder`: over every other file in it.

    Raises
    ------
    SigningError
        There is a link in `folder`, the key cannot be used, or Sigstore does not sign.
    """
    from model_signing import hashing, signing

    files = hashing.Config()  # type: ignore[no-untyped-call]
    files.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    config = signing.Config()  # type: ignore[no-untyped-call]
    path = folder / SIGNATURE
    try:
        signer.use(config)
        config.set_hashing_config(files).sign(folder, path)
    except ValueError as error:
        raise SigningError(f"{folder} cannot be signed: {error}.") from None
    except Exception as error:
        if not isinstance(signer, SigningIdentity) or not sigstore.is_own(error):
            raise
        raise sigstore.refused(error) from error
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
        if not _holds(self.payload, self.value, key.load()):
            raise ArtifactError(f"it was not made by the key {key.fingerprint[:16]}")
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


@dataclass(frozen=True)
class Certified:
    """What a file `signature` holds that was made by Sigstore.

    `identity` is whom its certificate names, which only `confirm` checks; `text` is the file.
    """

    identity: Identity
    text: str = field(repr=False)
    payload: bytes = field(repr=False)
    value: bytes = field(repr=False)
    public: ec.EllipticCurvePublicKey = field(repr=False)

    def files(self) -> Mapping[str, str]:
        """Path to sha256 of every file that was signed with the certified key.

        Raises
        ------
        ArtifactError
            Another key did, or what was signed is no list of files.
        """
        if not _holds(self.payload, self.value, self.public):
            raise ArtifactError("it was not made with the key of its certificate")
        return _listed(self.payload)

    def confirm(self, identity: Identity) -> None:
        """Check that `identity` made it, by the Sigstore that this one goes by.

        Raises
        ------
        ArtifactError
            Its certificate, or its entry in the log, does not hold.
        SigningError, MissingExtraError
            It cannot be checked here.
        """
        identity.confirm(self.text)


def read(path: Path) -> Signature | Certified:
    """The signature in the file `path`.

    Raises
    ------
    ArtifactError
        It is no signature of the two forms that are written here.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data: Any = json.loads(text)
        material, envelope = data["verificationMaterial"], data["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        value = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
        if "certificate" in material:
            return _certified(data, text, payload, value)
        found = Signature(key=str(material["publicKey"]["hint"]), payload=payload, value=value)
        whole = found.text() == text
    except (OSError, ValueError, LookupError, TypeError, RecursionError, binascii.Error):
        whole = False
    if not whole:
        raise ArtifactError("it is damaged")
    return found


def _certified(data: dict[str, Any], text: str, payload: bytes, value: bytes) -> Certified:
    """A signature by Sigstore; ValueError and its like unless it has the form of ours."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec

    raw = base64.b64decode(data["verificationMaterial"]["certificate"]["rawBytes"], validate=True)
    certificate = x509.load_der_x509_certificate(raw)
    try:
        public, identity = certificate.public_key(), sigstore.claimed(certificate)
    except (UnsupportedAlgorithm, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise ValueError("not such a certificate") from error
    if bundle.json_text(data) != text or not isinstance(public, ec.EllipticCurvePublicKey):
        raise ValueError("another form")
    return Certified(identity, text, payload, value, public)


def _holds(payload: bytes, value: bytes, public: ec.EllipticCurvePublicKey) -> bool:
    """Whether `value` is the signature of `payload` by the key that `public` belongs to."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    algorithm = getattr(hashes, _HASHES[public.curve.key_size])()
    try:
        public.verify(value, _framed(payload), ec.ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True


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
