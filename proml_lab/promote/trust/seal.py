"""What every load of an artifact checks first: that it is as it was signed, whoever signed it.

Who signed is asked where more is at stake than wrong scores: by `verify`, by an import, and before
a notebook is run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from proml_lab.errors import ArtifactError, MissingExtraError, SigningError
from proml_lab.promote import bundle
from proml_lab.promote.bundle import DAMAGED, MANIFEST, PUBLIC, SIGNATURE, Manifest
from proml_lab.promote.trust import keys, signature
from proml_lab.promote.trust.signature import Certified


def sealed(folder: Path, parts: Iterable[str] | None) -> Manifest:
    """The manifest of the artifact in `folder`, if it and the files of `parts` are as signed.

    `parts` are first steps of paths, such as ``model``, or None for all that the manifest names.
    Nothing else of the folder is read.

    Raises
    ------
    ArtifactError
        No artifact, no signature, one that does not hold, or the first file that is missing,
        changed, or not in the manifest.
    MissingExtraError
        What checks signatures is not installed.
    """
    if find_spec("cryptography") is None:
        raise MissingExtraError("What checks signatures (cryptography)", extra="train")
    manifest = bundle.read_manifest(folder)
    try:
        signed = _signed(folder)
    except ArtifactError as error:
        raise ArtifactError(
            f"{manifest.key} is not loaded: {error.message}.", hint=DAMAGED
        ) from None
    if signed.get(MANIFEST) != bundle.digest(folder / MANIFEST):
        raise ArtifactError(f"{manifest.key} is damaged: {MANIFEST} was changed.", hint=DAMAGED)
    every = {name.split("/")[0] for name in manifest.files}
    bundle.verify(folder, manifest, every if parts is None else parts)
    return manifest


def _signed(folder: Path) -> Mapping[str, str]:
    """Path to sha256 of what was signed; ArtifactError in a few words if nothing holds."""
    if not (folder / SIGNATURE).is_file():
        raise ArtifactError(f"{SIGNATURE} is missing")
    try:
        found = signature.read(folder / SIGNATURE)
        if isinstance(found, Certified):
            return found.files()
        key = keys.read_public(folder / PUBLIC)
        if key.fingerprint == found.key:
            return found.files(key)
        reason = f"names another key than {PUBLIC}"
    except ArtifactError as error:
        reason = f"does not hold: {error.message}"
    except SigningError:
        reason = f"cannot be checked without {PUBLIC}"
    raise ArtifactError(f"{SIGNATURE} {reason}")
