"""What a run stood on: the packages that were installed, and the machine under them.

The format: docs/formats.md#environment.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proml_lab.contracts import Json
from proml_lab.promote.freeze import wheels
from proml_lab.promote.freeze.installed import Package, packages
from proml_lab.promote.freeze.machine import machine
from proml_lab.promote.freeze.wheels import Wheel

LOCK = "pylock.toml"
PLATFORM = "platform.json"
_WHEELS = "wheels"


@dataclass(frozen=True)
class Frozen:
    """An environment as it was written to `folder`."""

    folder: Path
    packages: tuple[Package, ...] = field(repr=False)
    wheels: Mapping[str, Wheel] = field(repr=False)


def freeze(folder: Path) -> Frozen:
    """Write the lock, the pins, the machine, and wheels of local packages into `folder`.

    Packages are those installed for this interpreter, with exact versions; local labels such as
    ``+cpu`` are kept. Those that came from a folder of this machine are packed as wheels, which
    the lock refers to. Of the others an installation seldom says which file it had from the
    index: `Package.content` stands in for that file's digest, and `fresh` checks it.
    """
    folder.mkdir(parents=True)
    found = packages()
    local = [package for package in found if package.folder is not None]
    made = {package.name: wheels.pack(package, folder / _WHEELS) for package in local}
    packed = {name: wheel for name, wheel in made.items() if wheel is not None}
    lock = _lock(found, packed, {})
    (folder / LOCK).write_text(lock, encoding="utf-8", newline="\n")
    pins = [f"--find-links {_WHEELS}\n"] if packed else []
    pins += [f"{package.name}=={package.version}\n" for package in found]
    (folder / "requirements.txt").write_text("".join(pins), encoding="utf-8", newline="\n")
    write_platform(folder, machine())
    return Frozen(folder, found, packed)


def complete(frozen: Frozen, downloads: Mapping[str, tuple[str, str]]) -> None:
    """Write the lock again with what an installer had from the index.

    `downloads` is each package's name to (address, sha256) of the wheel that was taken.
    """
    lock = _lock(frozen.packages, frozen.wheels, downloads)
    (frozen.folder / LOCK).write_text(lock, encoding="utf-8", newline="\n")


def write_platform(folder: Path, facts: Mapping[str, Json]) -> None:
    """Write ``platform.json``."""
    text = json.dumps(dict(facts), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / PLATFORM).write_text(text, encoding="utf-8", newline="\n")


def read_platform(folder: Path) -> dict[str, Any]:
    """``platform.json`` of an environment's folder."""
    facts: dict[str, Any] = json.loads((folder / PLATFORM).read_text(encoding="utf-8"))
    return facts


def _lock(
    found: tuple[Package, ...],
    packed: Mapping[str, Wheel],
    downloads: Mapping[str, tuple[str, str]],
) -> str:
    """The text of ``pylock.toml``: the same for the same environment."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    marker = f"sys_platform == '{sys.platform}' and platform_machine == '{platform.machine()}'"
    lines = [
        'lock-version = "1.0"',
        f"environments = [{_quoted(marker)}]",
        f'requires-python = "=={minor}.*"',
        "extras = []",
        "dependency-groups = []",
        "default-groups = []",
        'created-by = "proml-lab"',
    ]
    for package in found:
        lines += ["", "[[packages]]", f"name = {_quoted(package.name)}"]
        if not package.vcs:  # PEP 751: no version where the source is a checkout
            lines.append(f"version = {_quoted(package.version)}")
        source = _source(package, packed.get(package.name), downloads.get(package.name))
        lines += [f"{key} = {value}" for key, value in source.items()]
        if package.content and package.name not in packed:
            lines += ["[packages.tool.proml-lab]", f"content = {_quoted(package.content)}"]
    return "\n".join(lines) + "\n"


def _source(
    package: Package, wheel: Wheel | None, download: tuple[str, str] | None
) -> dict[str, str]:
    """Where to get a package, as PEP 751 says it; empty where nobody knows."""
    if wheel is not None:
        entry = {
            "name": wheel.name,
            "path": f"{_WHEELS}/{wheel.name}",
            "size": wheel.n_bytes,
            "hashes": {"sha256": wheel.sha256},
        }
        return {"wheels": f"[{_inline(entry)}]"}
    inner = {"subdirectory": package.subdirectory} if package.subdirectory else {}
    if package.vcs:
        return {"vcs": _inline({"url": package.url, **package.vcs, **inner})}
    if package.url and package.hashes:
        entry = {"url": package.url, "hashes": dict(package.hashes), **inner}
        is_wheel = package.url.partition("#")[0].endswith(".whl")
        return {"wheels": f"[{_inline(entry)}]"} if is_wheel else {"archive": _inline(entry)}
    if download is not None:
        url, sha256 = download
        entry = {"url": url, "hashes": {"sha256": sha256}}
        kind = "wheels" if url.endswith(".whl") else "sdist"
        return {kind: f"[{_inline(entry)}]" if kind == "wheels" else _inline(entry)}
    return {}


def _inline(entry: Mapping[str, object]) -> str:
    """An inline table of TOML."""
    shown = []
    for key, value in entry.items():
        text = _inline(value) if isinstance(value, Mapping) else json.dumps(value)
        shown.append(f"{key} = {text}")
    return "{" + ", ".join(shown) + "}"


def _quoted(text: str) -> str:
    return json.dumps(text)
