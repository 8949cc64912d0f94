"""Signatures by who one is: Sigstore certifies a key of the moment, and a public log keeps that.

Sources: the Sigstore client specification; docs/formats.md#signature.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proml_lab.errors import ArtifactError, MissingExtraError, SigningError
from proml_lab.promote import bundle

if TYPE_CHECKING:
    from cryptography import x509
    from sigstore.models import ClientTrustConfig

    from proml_lab.marketplace.workspace import Workspace

VARIABLE = "SIGSTORE_IDENTITY_TOKEN"
"""Holds the token that says who signs, where the machine itself has none."""
_ISSUER_V2 = "1.3.6.1.4.1.57264.1.8"
_ISSUER_V1 = "1.3.6.1.4.1.57264.1.1"
_HINT = (
    f"set {VARIABLE}, such as python -m sigstore get-identity-token prints; CI services hand one "
    "out by themselves where a job may ask for it."
)
_RETRY = "check that its services can be reached and take your token, then promote again."


@dataclass(frozen=True)
class Identity:
    """Who may sign: `name`, an address or a URI, as `issuer` calls them.

    `instance` is the file that describes the Sigstore that certifies it, None for the public one.
    """

    name: str
    issuer: str
    instance: Path | None = field(default=None, compare=False)

    @property
    def mark(self) -> str:
        """Name and issuer, in a few words."""
        return f"{self.name} ({self.issuer})"

    @property
    def described(self) -> str:
        return self.mark

    def confirm(self, text: str) -> None:
        """Check a Sigstore bundle: certificate, log and signature, and that this one made it.

        Raises
        ------
        ArtifactError
            Something of it does not hold, with the reason.
        SigningError, MissingExtraError
            The instance's roots of trust, or Sigstore's library, are not at hand.
        """
        config = _instance(self.instance, offline=True)
        from sigstore.errors import Error
        from sigstore.models import Bundle
        from sigstore.verify import Verifier, policy

        try:
            found = Bundle.from_json(text)
            own = policy.Identity(identity=self.name, issuer=self.issuer)
            Verifier(trusted_root=config.trusted_root).verify_dsse(found, own)
        except (Error, ValueError) as error:
            raise ArtifactError(_line(error)) from None
        data = json.loads(found.to_json())
        if bundle.json_text(data) != text or not _is_named(data):
            raise ArtifactError("it is damaged")


@dataclass(frozen=True)
class SigningIdentity:
    """Signs by Sigstore, as whoever the identity token names at that moment."""

    instance: Path | None

    def use(self, config: Any) -> None:
        """Set up a signer of the library `model_signing`.

        Raises SigningError if there is no token by now.
        """
        config.use_sigstore_signer(identity_token=_token(), trust_config=self.instance)


def signing_identity(workspace: Workspace) -> SigningIdentity:
    """The one that signs what `workspace` promotes, after a look that it can.

    Raises
    ------
    SigningError
        There is no valid token, or no such instance.
    MissingExtraError
        What signs is not installed.
    """
    instance = _file(workspace)
    _instance(instance, offline=False)
    _token()
    return SigningIdentity(instance)


def is_own(error: Exception) -> bool:
    """Whether Sigstore's client raised it: its errors have no base in common."""
    return type(error).__module__.partition(".")[0] in ("sigstore", "requests", "id", "tuf")


def refused(error: Exception) -> SigningError:
    """What to say where Sigstore did not sign."""
    return SigningError(f"Sigstore did not sign: {_line(error.__cause__ or error)}.", hint=_RETRY)


def trusted(workspace: Workspace | None) -> tuple[Identity, ...]:
    """Those that the workspace's setting `trusted_identities` names."""
    if workspace is None:
        return ()
    said = workspace.config.trusted_identities
    return tuple(Identity(one.name, one.issuer, _file(workspace)) for one in said)


def named(given: tuple[str, str], workspace: Workspace | None) -> Identity:
    """The identity of a name and its issuer, certified by the Sigstore of the workspace."""
    name, issuer = given
    return Identity(name, issuer, _file(workspace) if workspace else None)


def claimed(certificate: x509.Certificate) -> Identity:
    """Whom a certificate names; whether that holds is not checked.

    Raises
    ------
    ValueError, LookupError
        It names nobody.
    """
    from cryptography import x509

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (name,) = (one.value for one in names)
    said = {
        one.oid.dotted_string: one.value.value
        for one in certificate.extensions
        if isinstance(one.value, x509.UnrecognizedExtension)
    }
    if _ISSUER_V2 in said:  # a text in DER: its kind, its length in a byte or more, itself
        text = said[_ISSUER_V2]
        issuer = text[2 if text[1] < 0x80 else 2 + (text[1] & 0x7F) :]
    else:
        issuer = said[_ISSUER_V1]
    return Identity(str(name), issuer.decode())


def _file(workspace: Workspace) -> Path | None:
    said = workspace.config.sigstore
    return workspace.root / Path(said).expanduser() if said else None


def _instance(file: Path | None, *, offline: bool) -> ClientTrustConfig:
    """The services and roots of trust of an instance.

    Where `offline` will do, roots of the public one that were fetched before are good enough.
    """
    if not find_spec("sigstore"):
        raise MissingExtraError("What knows Sigstore's signatures", extra="lab")
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig

    if file is not None:
        try:
            return ClientTrustConfig.from_json(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no ClientTrustConfig"
            raise SigningError(
                f"{file} does not describe a Sigstore instance: {why}.",
                hint="check the setting 'sigstore'; without it the public instance is taken.",
            ) from None
    try:
        return ClientTrustConfig.production()
    except (Error, OSError) as error:
        lost = error
    if offline:
        try:
            return ClientTrustConfig.production(offline=True)
        except (Error, OSError) as error:
            lost = error
    raise SigningError(
        f"Sigstore's public instance cannot be reached: {_line(lost)}.",
        hint="check the connection, or let the setting 'sigstore' describe one of your own.",
    ) from None


def _token() -> str:
    """The token that says who signs; valid now."""
    from sigstore.errors import Error
    from sigstore.oidc import IdentityToken, detect_credential

    given = os.environ.get(VARIABLE, "")
    try:
        found = given or detect_credential()
        if not found:
            raise SigningError("No identity token for Sigstore is there.", hint=_HINT)
        IdentityToken(found)
    except Error as error:
        where = VARIABLE if given else "this machine"
        raise SigningError(
            f"The identity token of {where} is not valid (any more): {_line(error)}.", hint=_HINT
        ) from None
    return found


def _is_named(data: Any) -> bool:
    """Whether a log signed its own checkpoint under its name, which no signature covers.

    The checkpoint: its origin, such as ``rekor.example.org - 7``, more lines, an empty one, and a
    line ``\u2014 NAME SIGNATURE`` of the log and of each witness.
    """
    (entry,) = data["verificationMaterial"]["tlogEntries"]
    said, _, signed = entry["inclusionProof"]["checkpoint"]["envelope"].partition("\n\n")
    name = said.split(maxsplit=1)[0]
    return any(line.startswith(f"\u2014 {name} ") for line in signed.splitlines())


def _line(error: BaseException) -> str:
    """What an error says, in one line without its full stop."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.rstrip(".")
