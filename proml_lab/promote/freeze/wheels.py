"""Wheels of packages that no index has: those installed from a folder of this machine."""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from proml_lab.promote.freeze.installed import NOT_CONTENT, Package, own_files

_NOT_OURS = {"__pycache__", "tests", "node_modules", "labextension"}
_SECRET = {".pem", ".key", ".p12", ".pfx", ".env"}
_BYTECODE = {".pyc", ".pyo"}
_NATIVE = {".so", ".pyd", ".dylib"}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


@dataclass(frozen=True)
class Wheel:
    """A wheel that we made: `name` is its file's, `n_bytes` its size."""

    name: str
    sha256: str
    n_bytes: int


def pack(package: Package, folder: Path) -> Wheel | None:
    """Write `package` as a wheel into `folder`; None if its files cannot be found.

    The same files give the same bytes: names sorted, no times. Files of an installed package are
    those of its RECORD; of an editable one those of its top-level modules in its folder, without
    tests, hidden files, keys and built parts of JupyterLab. Scripts are made anew from the entry
    points when the wheel is installed.
    """
    distribution = package.distribution
    if distribution is None:
        return None
    files = _sources(package) if package.editable else _recorded(distribution)
    if not files:
        return None
    stem = f"{package.name.replace('-', '_')}-{package.version}"
    about = f"{stem}.dist-info/"
    tag = _tag(distribution, files)
    contents = {name: path.read_bytes() for name, path in files.items()}
    contents.update(_about(distribution, about))
    pure = "false" if tag.split("-")[2] != "any" else "true"
    contents[f"{about}WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: proml-lab\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
    ).encode()
    contents[f"{about}RECORD"] = _record(contents, f"{about}RECORD")
    path = folder / f"{stem}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(contents, key=lambda n: (n.startswith(about), n)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _MODE
            archive.writestr(entry, contents[name])
    data = path.read_bytes()
    return Wheel(path.name, hashlib.sha256(data).hexdigest(), len(data))


def modules(package: Package) -> dict[str, Path]:
    """Name to place of the top-level modules of an editable package: folders or ``.py`` files."""
    distribution = package.distribution
    if distribution is None or package.folder is None:
        return {}
    found = _mapped(distribution)
    roots = [*_named_in_pth(distribution), package.folder, package.folder / "src"]
    for name in _top_level(package, distribution):
        for root in roots:
            for place in (root / name, root / f"{name}.py"):
                there = place.is_file() or (place.is_dir() and any(place.glob("*.py")))
                if there and name not in found:
                    found[name] = place
    return found


def _sources(package: Package) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for name, place in modules(package).items():
        if place.is_file():
            files[place.name] = place
            continue
        for path in sorted(place.rglob("*")):
            inner = path.relative_to(place)
            if path.is_file() and _belongs(inner):
                files[f"{name}/{inner.as_posix()}"] = path
    return files


def _belongs(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    foreign = _NOT_OURS & set(path.parts) or path.suffix in _SECRET | _BYTECODE
    return not hidden and not foreign


def _recorded(distribution: Distribution) -> dict[str, Path]:
    found = {}
    for path in own_files(distribution):
        place = Path(str(path.locate()))
        if not path.parts[0].endswith(".dist-info") and place.is_file():
            found[path.as_posix()] = place
    return found


def _about(distribution: Distribution, about: str) -> dict[str, bytes]:
    """The package's description of itself, as it was installed."""
    found = {}
    for name in ("METADATA", "entry_points.txt", "top_level.txt"):
        text = distribution.read_text(name)
        if text:
            found[about + name] = text.encode()
    for path in distribution.files or ():
        if path.parts[0].endswith(".dist-info") and "licenses" in path.parts:
            place = Path(str(path.locate()))
            if place.is_file() and path.name not in NOT_CONTENT:
                found[about + "/".join(path.parts[1:])] = place.read_bytes()
    return found


def _tag(distribution: Distribution, files: Mapping[str, Path]) -> str:
    """The wheel's own tag; where it tells none, by whether there is machine code in it."""
    native = any(path.suffix in _NATIVE for path in files.values())
    told = re.findall(r"^Tag: (\S+)", distribution.read_text("WHEEL") or "", flags=re.MULTILINE)
    if told and native == (not told[0].endswith("-any")):
        return str(told[0])
    if not native:
        return "py3-none-any"
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return f"{python}-{python}-{re.sub('[-.]', '_', sysconfig.get_platform())}"


def _record(contents: Mapping[str, bytes], own: str) -> bytes:
    lines = []
    for name, data in sorted(contents.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        quoted = f'"{name}"' if "," in name else name
        lines.append(f"{quoted},sha256={digest},{len(data)}\n")
    return "".join([*lines, f"{own},,\n"]).encode()


def _top_level(package: Package, distribution: Distribution) -> list[str]:
    """Names that the package may import by: what it says, where its commands lie, its own."""
    said = (distribution.read_text("top_level.txt") or "").split()
    commands = [entry.module.split(".")[0] for entry in distribution.entry_points]
    return list(dict.fromkeys([*said, *commands, package.name.replace("-", "_")]))


def _named_in_pth(distribution: Distribution) -> Iterator[Path]:
    """Folders that the package's ``.pth`` files put on the search path."""
    for path in distribution.files or ():
        place = Path(str(path.locate()))
        if path.suffix == ".pth" and place.is_file():
            for line in place.read_text(encoding="utf-8").splitlines():
                if line and not line.startswith(("import ", "#")) and Path(line).is_dir():
                    yield Path(line)


def _mapped(distribution: Distribution) -> dict[str, Path]:
    """Where a finder that setuptools wrote leads each top-level name."""
    found = {}
    for path in distribution.files or ():
        place = Path(str(path.locate()))
        if re.fullmatch(r"__editable__.*_finder\.py", path.name) and place.is_file():
            text = place.read_text(encoding="utf-8")
            written = re.search(r"^MAPPING[^=]*= (\{.*\})", text, flags=re.MULTILINE)
            mapping = ast.literal_eval(written[1]) if written else {}
            found.update({name: Path(target) for name, target in mapping.items()})
    return {
        name: place if place.exists() else place.with_suffix(".py") for name, place in found.items()
    }
