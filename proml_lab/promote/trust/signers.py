"""Who signs in a workspace, and whose signatures are trusted: keys, and identities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.promote.bundle import PUBLIC
from proml_lab.promote.trust import keys, sigstore
from proml_lab.promote.trust.keys import PublicKey, SigningKey
from proml_lab.promote.trust.sigstore import Identity, SigningIdentity

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

Signer = SigningKey | SigningIdentity
Trusted = PublicKey | Identity


def signer(workspace: Workspace) -> Signer:
    """What signs by the workspace's setting `sign_with`.

    Raises
    ------
    SigningError, MissingExtraError
        As `signing_key` and `signing_identity` say.
    """
    if workspace.config.sign_with == "sigstore":
        return sigstore.signing_identity(workspace)
    return keys.signing_key(workspace)


def leave_key(folder: Path, signer: Signer) -> tuple[str, ...]:
    """Put what the signature is checked with beside it; the names of the files.

    A certificate is part of its signature: nothing lies beside.
    """
    if isinstance(signer, SigningIdentity):
        return ()
    (folder / PUBLIC).write_bytes(signer.public.pem)
    return (PUBLIC,)


def trusted(
    workspace: Workspace | None,
    *,
    key: str | Path | None = None,
    identity: tuple[str, str] | None = None,
) -> list[Trusted]:
    """Whose signatures are good enough: `key` and `identity`, one's own, and the workspace's.

    Raises
    ------
    SigningError
        A key cannot be read.
    """
    found: list[Trusted] = []
    if key is not None:
        found.append(keys.read_public(Path(key).expanduser(), whose=f"the key {key}"))
    if identity is not None:
        found.append(sigstore.named(identity, workspace))
    return [*found, *keys.trusted(workspace), *sigstore.trusted(workspace)]
