"""What is installed for this interpreter, and where it came from as far as that is known."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

NOT_CONTENT = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "provenance_url.json")
"""Files of a ``.dist-info`` that tell of the installation, not of the package."""


@dataclass(frozen=True)
class Package:
    """One installed distribution.

    Attributes
    ----------
    name, version
        The name normalised; the version exact, with its local label.
    content
        sha256 over what its RECORD says of its files, the same wherever the same wheel was
        installed; empty where there is no RECORD.
    url, hashes
        The archive that it came from, and that archive's digests; empty where unknown.
    vcs
        ``type``, ``commit-id`` and maybe ``requested-revision`` of a checkout at `url`.
    subdirectory
        Where in the archive or checkout the package is.
    folder
        The folder or file of this machine that it came from, which no index has.
    editable
        Whether its code is imported from `folder` itself.
    asks
        The packages that it asks for, as ``Requires-Dist`` has them.
    """

    name: str
    version: str
    content: str = ""
    url: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    vcs: Mapping[str, str] = field(default_factory=dict)
    subdirectory: str = ""
    folder: Path | None = None
    editable: bool = False
    asks: tuple[str, ...] = ()
    distribution: Distribution | None = field(default=None, repr=False, compare=False)


def packages(path: list[str] | None = None) -> tuple[Package, ...]:
    """What an interpreter with this search path would import, sorted by name.

    Of a name that is there several times the first counts. By default the path is ours.
    """
    found: dict[str, Package] = {}
    for one in distributions() if path is None else distributions(path=path):
        head = _head(one)
        name = normal(head["Name"] or "")
        if name and name not in found:
            found[name] = _package(name, one, head)
    return tuple(found[name] for name in sorted(found))


def normal(name: str) -> str:
    """A distribution's name as indexes compare it: ``My_Torch`` is ``my-torch``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def own_files(distribution: Distribution) -> Iterator[PackagePath]:
    """The files that are the package's own: no bytecode, nothing outside its folder."""
    for path in distribution.files or ():
        about = path.parent.name.endswith(".dist-info") and path.name in NOT_CONTENT
        if not about and ".." not in path.parts and path.suffix != ".pyc":
            yield path


def _head(distribution: Distribution) -> Message:
    """The fields of a package's description, read once, without the text below: it may be long."""
    for name in ("METADATA", "PKG-INFO"):
        if text := distribution.read_text(name):
            return HeaderParser().parsestr(text.replace("\r\n", "\n").partition("\n\n")[0])
    return distribution.metadata  # type: ignore[return-value]  # an egg's, as the library finds it


def _package(name: str, distribution: Distribution, head: Message) -> Package:
    version = str(head["Version"])
    asks = head.get_all("Requires-Dist") or ()
    if not asks and distribution.read_text("requires.txt"):  # an egg's
        asks = distribution.requires or ()
    origin = _origin(distribution)
    url = str(origin.get("url", ""))
    content = _content(distribution)
    known = Package(name, version, content, asks=tuple(asks), distribution=distribution)
    if urlsplit(url).scheme == "file":
        editable = bool((origin.get("dir_info") or {}).get("editable"))
        folder = Path(url2pathname(unquote(urlsplit(url).path)))
        return replace(known, folder=folder, editable=editable)
    vcs = origin.get("vcs_info") or {}
    kept = {"type": "vcs", "commit-id": "commit_id", "requested-revision": "requested_revision"}
    return replace(
        known,
        url=_without_account(url),
        hashes=_hashes(origin.get("archive_info") or {}),
        vcs={key: str(vcs[theirs]) for key, theirs in kept.items() if vcs.get(theirs)},
        subdirectory=str(origin.get("subdirectory", "")),
    )


def _origin(distribution: Distribution) -> dict[str, Any]:
    """What the installer wrote of where it had the package from, if it did."""
    for name in ("direct_url.json", "provenance_url.json"):
        text = distribution.read_text(name)
        if text:
            try:
                origin = json.loads(text)
            except json.JSONDecodeError:
                continue  # half written: as if it were not there
            if isinstance(origin, dict):
                return origin
    return {}


def _hashes(archive: Mapping[str, object]) -> dict[str, str]:
    known = archive.get("hashes")
    if isinstance(known, dict) and known:
        return {str(kind): str(value) for kind, value in sorted(known.items())}
    kind, equals, value = str(archive.get("hash", "")).partition("=")
    return {kind: value} if equals else {}


def _without_account(url: str) -> str:
    """`url` without a user's name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _content(distribution: Distribution) -> str:
    """A digest of the RECORD's digests; read as text, which is much quicker than as paths."""
    lines = []
    for row in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        path, digest = row[0], row[1] if len(row) > 1 else ""
        folder, _, name = path.rpartition("/")
        about = folder.endswith(".dist-info") and name in NOT_CONTENT
        if digest and not about and not path.endswith(".pyc") and not path.startswith(".."):
            lines.append(f"{path} {digest}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest() if lines else ""
