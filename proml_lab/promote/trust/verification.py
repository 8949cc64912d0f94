"""Whether an artifact is whole, and who signed it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import ArtifactError, SigningError, WorkspaceError
from proml_lab.promote import bundle
from proml_lab.promote.artifact import locate, opened
from proml_lab.promote.bundle import DAMAGED, MANIFEST, PUBLIC, SIGNATURE, Manifest
from proml_lab.promote.trust import content, keys, signature
from proml_lab.promote.trust.content import EMPTY, Content, shown
from proml_lab.promote.trust.keys import PublicKey
from proml_lab.promote.trust.signature import Certified, Signature
from proml_lab.promote.trust.signers import Trusted, trusted
from proml_lab.promote.trust.sigstore import Identity

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_SCHEMA = {"check": pl.String, "passed": pl.Boolean, "file": pl.String, "said": pl.String}
_HEAD = "model/model.json"
_UNKNOWN = (
    "ask who made it whether the key is theirs, then put its signature.pub, under a name of your "
    "choice, into the workspace's folder trusted-keys; or name the key: --key FILE."
)
_STRANGER = (
    "if that is who should sign, name them in the workspace's setting trusted_identities; or here: "
    "--identity NAME ISSUER."
)


@dataclass(frozen=True)
class Finding:
    """One thing that was checked; `file` is the file that is wrong, empty where none is."""

    check: str
    passed: bool
    file: str
    said: str


@dataclass(frozen=True)
class Verification:
    """What checking an artifact has found; true if it is whole and signed by a trusted key.

    `key` is its ``name@version``, or its folder's name if it does not say. `signer` is the
    fingerprint of the key that signed it, or the name and issuer that its certificate gives; empty
    if no signature holds.
    """

    key: str
    path: Path
    signer: str
    findings: tuple[Finding, ...] = field(repr=False)
    hint: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return all(finding.passed for finding in self.findings)

    @property
    def problem(self) -> str:
        """The first thing that is wrong, in words; empty if nothing is."""
        return next((f.said for f in self.findings if not f.passed), "")

    @property
    def file(self) -> str:
        """The first file that is wrong, empty if none is."""
        return next((f.file for f in self.findings if not f.passed), "")

    def frame(self) -> pl.DataFrame:
        """``check`` (files, signature, manifest, model, key), ``passed``, ``file``, ``said``:
        a row for each check that passed and for each thing that is wrong.
        """
        rows = [(f.check, f.passed, f.file, f.said) for f in self.findings]
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row")

    def require(self) -> None:
        """Raise ArtifactError, with the first thing that is wrong, unless all is well."""
        if not self:
            raise ArtifactError(str(self), hint=self.hint)

    def __str__(self) -> str:
        """One line."""
        if not self:
            return f"{self.key} does not pass: {self.problem}."
        said = {finding.check: finding.said for finding in self.findings}
        return f"{self.key} is whole: {said['files']}, {said['key']}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        state = pl.when("passed").then(pl.lit("passed")).otherwise(pl.lit("WRONG"))
        table = self.frame().select(
            "check", state.alias("result"), pl.col("said").alias("what was found")
        )
        hint = f"Hint: {self.hint}" if not self else ""
        plain = "\n".join(filter(None, [str(self), html.text_table(table, max_rows=40), hint]))
        parts = [html.lead(str(self)), html.table(table, max_rows=40)]
        return html.bundle(plain, *parts, *([html.note(hint)] if hint else []))


def verify(
    artifact: str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    key: str | Path | None = None,
    identity: tuple[str, str] | None = None,
    any_key: bool = False,
) -> Verification:
    """Check every file of an artifact against its signature and its manifest.

    Parameters
    ----------
    artifact
        ``name@version``, ``name@alias``, the newest of ``name``; or an artifact's folder.
    workspace
        Where the artifact is, and whose `trusted_keys` count; by default the one around the
        current folder. A folder is checked without one, too.
    key
        File of a public key that is trusted beside one's own and those of the workspace.
    identity
        Name and issuer of one who is trusted to sign by Sigstore, beside those of the workspace.
    any_key
        Whether a signer that is not trusted is good enough: then only damage is found.

    Returns
    -------
    What was found. Nothing of the artifact is run, loaded or changed.

    Raises
    ------
    UnknownNameError, WorkspaceError, ArtifactError
        There is no such artifact, or it cannot be read.
    SigningError
        A key cannot be read, or roots of trust that are needed are not at hand.
    """
    folder = locate(artifact, workspace)
    is_path = folder == Path(artifact).expanduser().absolute()
    place = _workspace(workspace) if is_path else opened(workspace)
    return check(
        folder,
        trusted(place, key=key, identity=identity),
        any_key=any_key,
        expected="" if is_path else f"{folder.parent.name}@{folder.name}",
    )


def check(
    folder: Path, known: Iterable[Trusted], *, any_key: bool = False, expected: str = ""
) -> Verification:
    """`verify` for the artifact in `folder`, with these keys and identities.

    `expected` is what it must be, such as ``name@1``.
    """
    try:
        there = content.read(folder)
    except OSError as error:
        raise ArtifactError(
            f"{error.filename} cannot be read: {error.strerror}.",
            hint="give name@version, or the folder of an artifact.",
        ) from None
    signed = _signed(folder, there, list(known))
    manifest, fault = _manifest(folder, there)
    listed = signed.files
    if listed is None:  # then the manifest is all that there is to go by
        listed = {**_digests(manifest), MANIFEST: there.digests.get(MANIFEST, "")}
    findings = [
        *_files(there, listed),
        *_signature(signed, there, listed),
        *_described(manifest, fault, there, listed, expected),
        *_model(folder, there),
    ]
    damaged = not all(finding.passed for finding in findings)
    findings += _key(signed, damaged=damaged, any_key=any_key)
    name = manifest.key if manifest else expected or folder.name
    mark = signed.signer.mark if signed.signer else ""
    stranger = _STRANGER if isinstance(signed.signer, Identity) else _UNKNOWN
    hint = DAMAGED if damaged else stranger
    return Verification(name, folder, mark, tuple(findings), hint)


@dataclass(frozen=True)
class _Signed:
    """The files that a signature lists, if `signer` made it; else `fault` says what is wrong."""

    files: Mapping[str, str] | None
    signer: Trusted | None
    trusted: bool
    fault: str = ""


def _signed(folder: Path, there: Content, known: list[Trusted]) -> _Signed:
    """Read the signature and see whether it holds, and for whom."""
    if SIGNATURE not in there.digests:
        said = there.odd.get(SIGNATURE, "is missing: the artifact is not signed")
        return _Signed(None, None, False, f"{SIGNATURE} {said}")
    try:
        found = signature.read(folder / SIGNATURE)
        if isinstance(found, Certified):
            return _by_identity(found, known)
        return _by_key(found, folder, known)
    except ArtifactError as error:
        return _Signed(None, None, False, f"{SIGNATURE} does not hold: {error.message}")


def _by_identity(found: Certified, known: list[Trusted]) -> _Signed:
    """Who is trusted must be confirmed; of a stranger, the certificate's key is all there is."""
    files = found.files()
    own = next((one for one in known if one == found.identity), None)
    if isinstance(own, Identity):
        found.confirm(own)
    return _Signed(files, own or found.identity, own is not None)


def _by_key(found: Signature, folder: Path, known: list[Trusted]) -> _Signed:
    """Where the key is unknown, the one that lies beside is taken."""
    there = (key for key in known if isinstance(key, PublicKey))
    own = next((key for key in there if key.fingerprint == found.key), None)
    try:
        key = own or keys.read_public(folder / PUBLIC, whose="a key that is not trusted")
    except SigningError:
        return _Signed(None, None, False, f"{SIGNATURE} cannot be checked without {PUBLIC}")
    if key.fingerprint != found.key:
        return _Signed(None, None, False, f"{SIGNATURE} names another key than {PUBLIC}")
    return _Signed(found.files(key), key, own is not None)


def _manifest(folder: Path, there: Content) -> tuple[Manifest | None, str]:
    """The manifest, or what is wrong with it."""
    if MANIFEST not in there.digests:
        return None, f"{MANIFEST} is missing"
    try:
        return bundle.read_manifest(folder), ""
    except ArtifactError as error:
        reason = error.message.partition(" is damaged: ")[2] or error.message
        return None, f"{MANIFEST} is damaged: {reason.rstrip('.')}"


def _digests(manifest: Manifest | None) -> dict[str, str]:
    return {name: entry.sha256 for name, entry in manifest.files.items()} if manifest else {}


def _files(there: Content, listed: Mapping[str, str]) -> Iterator[Finding]:
    """Whatever is missing, changed, added, or no plain file, by its path; or that all is well."""
    folders = {above for name in listed for above in _above(name)}
    empty = {name for name, said in there.odd.items() if said == EMPTY}
    wrong = {name: said for name, said in there.odd.items() if name not in empty & folders}
    for name in {*listed, *there.digests} - {SIGNATURE} - set(wrong):
        if wrong.keys() & _above(name):
            continue  # its folder is what is wrong
        if name not in there.digests:
            wrong[name] = "is missing"
        elif name not in listed:
            wrong[name] = "was added"
        elif there.digests[name] != listed[name]:
            wrong[name] = "was changed"
    for name in sorted(wrong):
        yield Finding("files", False, name, f"{shown(name)} {wrong[name]}")
    if not wrong:
        megabytes = sum(there.sizes.values()) / 1e6
        yield Finding("files", True, "", f"{len(there.digests)} files, {megabytes:,.1f} MB")


def _above(name: str) -> set[str]:
    """The folders that a path leads through, each with its ``/``; and as what is no folder."""
    steps = name.split("/")
    above = {"/".join(steps[:n]) for n in range(1, len(steps))}
    return above | {f"{path}/" for path in above}


def _signature(signed: _Signed, there: Content, listed: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the signature holds; no word where only its key's file is to blame."""
    if not signed.fault:
        yield Finding("signature", True, "", "the signature covers every file")
    elif there.digests.get(PUBLIC) == listed.get(PUBLIC):
        yield Finding("signature", False, SIGNATURE, signed.fault)


def _described(
    manifest: Manifest | None,
    fault: str,
    there: Content,
    listed: Mapping[str, str],
    expected: str,
) -> Iterator[Finding]:
    """Whether the manifest can be read, lists what is there, and is that of this artifact."""
    if manifest is None:
        yield Finding("manifest", False, MANIFEST, fault)
        return
    said = {name: (one.sha256, one.bytes) for name, one in manifest.files.items()}
    found = {name: (listed[name], there.sizes.get(name)) for name in listed if name != MANIFEST}
    changed = {name for name in listed if there.digests.get(name) != listed[name]}
    if expected and manifest.key != expected:
        fault = f"{MANIFEST} says that this is {manifest.key}, not {expected}"
    elif wrong := sorted(
        name for name in {*said, *found} - changed if said.get(name) != found.get(name)
    ):
        fault = f"{MANIFEST} does not list {shown(wrong[0])} as it is"
    if fault:
        yield Finding("manifest", False, MANIFEST, fault)
    else:
        yield Finding("manifest", True, "", f"{manifest.format}, {manifest.key}")


def _model(folder: Path, there: Content) -> Iterator[Finding]:
    """Whether the model's own list of files agrees."""
    if _HEAD not in there.digests:
        yield Finding("model", False, _HEAD, f"{_HEAD} is missing")
        return
    try:
        files = json.loads((folder / _HEAD).read_text(encoding="utf-8"))["files"]
        wrong = [name for name in files if there.digests.get(f"model/{name}") != files[name]]
    except (ValueError, LookupError, TypeError, RecursionError):
        yield Finding("model", False, _HEAD, f"{_HEAD} is damaged")
        return
    if wrong:
        fault = f"{_HEAD} does not list {shown(str(min(wrong)))} as it is"
        yield Finding("model", False, _HEAD, fault)
    else:
        yield Finding("model", True, "", f"its own list of {len(files)} files agrees")


def _key(signed: _Signed, *, damaged: bool, any_key: bool) -> Iterator[Finding]:
    """Whether the key or the identity that signed is trusted."""
    if signed.signer is None:
        return
    by_name = isinstance(signed.signer, Identity)
    mark = signed.signer.mark if by_name else signed.signer.mark[:16]
    if signed.trusted:
        yield Finding("key", True, "", f"signed by {signed.signer.described}")
    elif any_key:
        who = f"one who says to be {mark}" if by_name else f"the key {mark}"
        yield Finding("key", True, "", f"signed by {who}, which is not a trusted one")
    else:
        whole = "" if damaged else "its files are whole, but "
        who = f"one whom you do not trust, {mark}" if by_name else f"an unknown key, {mark}"
        yield Finding("key", False, "", f"{whole}it is signed by {who}")


def _workspace(given: Workspace | str | Path | None) -> Workspace | None:
    """The workspace whose keys count for a folder, which there need not be."""
    if given is not None:
        return opened(given)
    try:
        return opened(None)
    except WorkspaceError:
        return None
