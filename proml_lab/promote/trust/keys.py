"""Keys: the one that signs, made at first use, and those of others that are trusted.

The format of the files is PEM; elliptic curves P-256, P-384 and P-521.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proml_lab.errors import MissingExtraError, SigningError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from proml_lab.marketplace.workspace import Workspace

VARIABLE = "PROML_SIGNING_KEY"
"""Names the file of the key, where neither the default nor the workspace's should be taken."""
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True)
class PublicKey:
    """A key that signatures are checked with.

    `fingerprint` is the sha256, 64 hex digits, of its PEM text; `whose` says where it came from.
    """

    pem: bytes = field(repr=False)
    whose: str = ""

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.pem).hexdigest()

    @property
    def mark(self) -> str:
        """What tells it from other keys."""
        return self.fingerprint

    @property
    def described(self) -> str:
        return f"{self.whose} ({self.fingerprint[:16]})"

    def load(self) -> ec.EllipticCurvePublicKey:
        """The key as the library `cryptography` has it."""
        return _public(self.pem, self.whose)


@dataclass(frozen=True)
class SigningKey:
    """A private key in a file of its own, and the public one that belongs to it."""

    path: Path
    public: PublicKey

    def use(self, config: Any) -> None:
        """Set up a signer of the library `model_signing`."""
        config.use_elliptic_key_signer(private_key=self.path)


def signing_key(workspace: Workspace) -> SigningKey:
    """The key that signs what `workspace` promotes; the default one is made if it is not there.

    It is the file that ``PROML_SIGNING_KEY`` names, else the workspace's setting `signing_key`,
    else ``proml/signing.key`` in the user's folder of settings.

    Raises
    ------
    SigningError
        The file is not there, is no such key, can be read by others, or lies in the workspace.
    MissingExtraError
        What signs is not installed.
    """
    if not all(map(find_spec, ("model_signing", "OpenSSL"))):
        raise MissingExtraError("What signs artifacts (model-signing)", extra="lab")
    path, said = _place(workspace)
    if said is None:
        if not _is_there(path):
            _make(path)
    elif path.resolve().is_relative_to(workspace.root.resolve()):
        raise SigningError(
            f"The signing key {path}, which {said} names, lies in the workspace.",
            hint="move it out, so that it comes into no artifact and no repository.",
        )
    pem = _read_private(path)
    if said is None:
        _hand_out(pem, path.with_suffix(".pub"))
    return SigningKey(path, PublicKey(pem, "your own key"))


def read_public(path: Path, *, whose: str = "") -> PublicKey:
    """The public key in a PEM file.

    Raises
    ------
    SigningError
        There is no such file, or it holds no public key of a curve that is known here.
    """
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise SigningError(
            f"The public key {path} cannot be read: {error.strerror}.",
            hint="give a file such as the signature.pub of an artifact that you trust.",
        ) from None
    whose = whose or path.name
    return PublicKey(_pem(_public(pem, str(path))), whose)


def trusted(workspace: Workspace | None) -> tuple[PublicKey, ...]:
    """Keys whose signatures are trusted: one's own, and ``*.pub`` in the folder `trusted_keys`.

    Raises
    ------
    SigningError
        A file of that folder holds no public key.
    """
    found: list[PublicKey] = []
    own, _ = _place(workspace)
    if _is_there(own):
        found.append(PublicKey(_read_private(own), "your own key"))
    if workspace is not None:
        place = workspace.root / workspace.config.trusted_keys
        files = sorted(place.glob("*.pub")) if place.is_dir() else []
        found += [read_public(path, whose=path.stem) for path in files]
    return tuple(found)


def folder() -> Path:
    """The user's folder for settings of this package."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(home) if home and Path(home).is_absolute() else Path.home() / ".config"
    return base / "proml"


def _place(workspace: Workspace | None) -> tuple[Path, str | None]:
    """The signing key's file, and what names it, or None for the default."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().absolute(), VARIABLE
    if workspace is not None and (named := workspace.config.signing_key):
        return workspace.root / Path(named).expanduser(), "the setting 'signing_key'"
    return folder() / "signing.key", None


def _make(path: Path) -> None:
    """A new P-256 key at `path`; if another process was first, that one's stays."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    beside = path.with_name(f".{secrets.token_hex(4)}.key")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            place = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(place, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(beside, path)  # a link, unlike a move, never takes another's place
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise SigningError(
            f"The signing key {path} cannot be made: {error.strerror}.",
            hint=f"make that folder one that you can write in, or let {VARIABLE} name a key.",
        ) from None


def _hand_out(pem: bytes, path: Path) -> None:
    """The public key beside the private one, to be given to others; a copy only, so that a
    folder that cannot be written in stops nothing.
    """
    with suppress(OSError):
        if not path.exists() or path.read_bytes() != pem:
            beside = path.with_name(f".{secrets.token_hex(4)}.pub")
            beside.write_bytes(pem)
            beside.replace(path)


def _is_there(path: Path) -> bool:
    """Whether there is such a file; no, where its folder is hidden from us."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def _read_private(path: Path) -> bytes:
    """The PEM of the public key that belongs to the private key at `path`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise SigningError(
            f"The signing key {path} cannot be read: {error.strerror}.",
            hint=f"check its path in {VARIABLE} or in the setting 'signing_key'.",
        ) from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SigningError(
            f"The signing key {path} can be read by others.", hint=f"run: chmod 600 {path}"
        )
    hint = "make one: openssl ecparam -name prime256v1 -genkey -noout -out FILE"
    try:
        key = serialization.load_pem_private_key(text, None)
    except TypeError:
        raise SigningError(
            f"The signing key {path} is locked with a password.",
            hint="give one without; its file is for you alone to read.",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(f"{path} holds no private key.", hint=hint) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in _CURVES:
        raise SigningError(f"The key {path} is not of an elliptic curve.", hint=hint)
    return _pem(key.public_key())


def _public(pem: bytes, place: str) -> ec.EllipticCurvePublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(
            f"{place} holds no public key.", hint="it should be a text in the form PEM."
        ) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        raise SigningError(
            f"The key {place} is not of an elliptic curve.",
            hint="signatures here are made with P-256, P-384 or P-521.",
        )
    return key


def _pem(key: ec.EllipticCurvePublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
