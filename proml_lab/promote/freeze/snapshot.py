"""Copies of what a run read, up to a limit, and what is needed to find the rest again.

The format: docs/formats.md#data.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from proml_lab.promote.freeze import table
from proml_lab.promote.freeze.reads import Read
from proml_lab.promote.freeze.table import Table

FILES = "files"
SECRET = (
    *(".env", ".env.*", "*.env", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".pypirc", ".npmrc"),
    *(
        ".git-credentials",
        "credentials",
        "credentials.*",
        "*secret*",
        "*password*",
        "token",
        "token.*",
    ),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.asc"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "kubeconfig", "service-account*.json"),
    *(".aws/*", ".ssh/*", ".gnupg/*", ".kube/*", ".docker/*", ".azure/*", ".gcloud/*"),
)
"""Names, in lower case, of files that may hold secrets: never copied, and without a digest."""
_ADDRESS = re.compile(rb"://[^/\s:@\"']+:[^/\s@\"']+@")
_SETTINGS = ("proml.toml", "pyproject.toml")


def write(
    folder: Path,
    root: Path,
    reads: Iterable[Read],
    *,
    limit: int,
    tables: Mapping[str, Table],
) -> list[dict[str, object]]:
    """Copy what was read into ``folder/files``, the small first, up to `limit` bytes in all.

    `tables` are those that are known already, by path. Returns a row for each file, by path: what
    it is, its size and digest, whether it was kept and if not, why.
    """
    rows: dict[str, dict[str, object]] = {}
    waiting: list[tuple[int, str, Read]] = []
    for read in reads:
        rows[read.path] = row = {"path": read.path, "how": read.how, "kept": False}
        if secret(read.path):
            row["why"] = "may hold secrets"
        elif read.changed:
            row["why"] = "changed while the notebook ran"
        else:
            waiting.append(((root / read.path).stat().st_size, read.path, read))
    left = limit
    for size, path, _ in sorted(waiting):
        row, original = rows[path], root / path
        if path in _SETTINGS and _ADDRESS.search(original.read_bytes()):
            row["why"] = "has an address with a password"
            continue
        row["bytes"] = size
        if size > left:
            row |= {"why": "over snapshot_limit", "sha256": _sha256(original)}
        else:
            left -= size
            row |= {"kept": True, "sha256": _copied(original, folder / FILES / path)}
        found = tables.get(path) or table.read(original)
        if found is not None:
            row["table"] = {
                "fingerprint": found.fingerprint,
                "n_rows": found.n_rows,
                "schema": dict(found.schema),
            }
    return [rows[path] for path in sorted(rows)]


def secret(path: str) -> bool:
    """Whether a file's name says that it may hold secrets."""
    parts = [part.lower() for part in path.split("/")]
    names = {parts[-1], "/".join(parts[-2:])}
    folders = {f"{part}/x" for part in parts[:-1]}
    return any(fnmatchcase(name, rule) for rule in SECRET for name in names | folders)


def _copied(path: Path, place: Path) -> str:
    """Copy a file; the sha256 of the copy."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)
    return _sha256(place)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
