"""Trust: signatures, the check of a whole artifact, its crate, and artifacts as single files."""

from proml_lab.promote.trust.keys import PublicKey, SigningKey, signing_key
from proml_lab.promote.trust.signature import sign
from proml_lab.promote.trust.signers import Signer, leave_key, signer
from proml_lab.promote.trust.sigstore import Identity
from proml_lab.promote.trust.transfer import (
    Exported,
    Imported,
    export_artifact,
    import_artifact,
)
from proml_lab.promote.trust.verification import Finding, Verification, verify

__all__ = [
    "Exported",
    "Finding",
    "Identity",
    "Imported",
    "PublicKey",
    "Signer",
    "SigningKey",
    "Verification",
    "export_artifact",
    "import_artifact",
    "leave_key",
    "sign",
    "signer",
    "signing_key",
    "verify",
]
