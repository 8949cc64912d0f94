"""A new virtual environment built from a lock, kept in the user's cache by what it holds."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proml_lab.contracts import Progress
from proml_lab.errors import ArtifactError, RunError
from proml_lab.promote.freeze.environment import LOCK
from proml_lab.promote.freeze.installed import packages
from proml_lab.promote.lock import lock

CACHE = "PROML_CACHE"
MARK = "complete.json"
"""There once an environment is complete; its date says when that was last used."""
_LOG = "install.log"
_PATIENCE_S = 3600.0


@dataclass(frozen=True)
class Environment:
    """A complete environment.

    Attributes
    ----------
    python
        The path of its interpreter.
    downloads
        Package to (address, sha256) of the file that was had from an index.
    unlike
        Packages whose files are others than those that the lock was written for, though the
        version is the same.
    """

    python: str
    downloads: Mapping[str, tuple[str, str]]
    unlike: tuple[str, ...]


def build(folder: Path, progress: Progress | None = None) -> Environment:
    """The environment of the lock in `folder`, from the cache or built now.

    Parameters
    ----------
    folder
        Holds ``pylock.toml`` and the ``wheels/`` that it refers to; all else comes from the index
        that pip is set to.
    progress
        Called before the building, which takes minutes.

    Raises
    ------
    ArtifactError
        The lock is broken, or is for another Python or machine.
    RunError
        pip cannot install it: no network, say. Nothing half built is ever used.
    """
    asked, digests = _requirements(folder)
    place = cache() / _digest(asked, digests)
    with lock(lock_of(place), patience_s=_PATIENCE_S):
        if (place / MARK).is_file():
            os.utime(place / MARK)
        else:
            if progress is not None:
                progress(0.0, f"building an environment of {len(asked)} packages (once)")
            _build(place, folder, asked)
        mark = json.loads((place / MARK).read_text(encoding="utf-8"))
    downloads = {name: (entry[0], entry[1]) for name, entry in mark["downloads"].items()}
    return Environment(str(_python(place)), downloads, tuple(_unlike(folder, place)))


def key(folder: Path) -> str:
    """The name in the `cache` of the environment of the lock in `folder`, built or not.

    Raises
    ------
    ArtifactError
        The lock is broken, or is for another Python or machine.
    """
    return _digest(*_requirements(folder))


def lock_of(place: Path) -> Path:
    """The lock that whoever builds the environment in `place` holds."""
    return place.with_name(f"{place.name}.lock")


def cache() -> Path:
    """The folder of all built environments: the variable PROML_CACHE, else the user's cache."""
    if given := os.environ.get(CACHE):
        return Path(given) / "environments"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "proml-lab" / "environments"


def read_lock(folder: Path) -> dict[str, Any]:
    """``pylock.toml`` of an environment's folder; raises ArtifactError if it is broken."""
    try:
        return tomllib.loads((folder / LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"The lock {folder / LOCK} cannot be read: {error}.") from None


def _requirements(folder: Path) -> tuple[list[str], dict[str, str]]:
    """(what pip is asked for, line by line; digest of those that are wheels of ours)."""
    found = read_lock(folder)
    wanted = str(found.get("requires-python", "")).removeprefix("==").removesuffix(".*")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if wanted != here:
        raise ArtifactError(
            f"The lock is for Python {wanted}, and this is Python {here}.",
            hint=f"run proml with Python {wanted}.",
        )
    lines, digests = [], {}
    for package in found.get("packages", []):
        entry: dict[str, Any] = next(iter(package.get("wheels", [])), {})
        if "path" in entry:
            path = folder / entry["path"]
            if path.parent != folder / "wheels" or not path.is_file():
                raise ArtifactError(
                    f"The lock names the wheel {entry['path']}, which is not there."
                )
            lines.append(str(Path("wheels") / path.name))
            digests[lines[-1]] = entry["hashes"]["sha256"]
            if hashlib.sha256(path.read_bytes()).hexdigest() != digests[lines[-1]]:
                raise ArtifactError(f"The wheel {path.name} is not the one that the lock names.")
        elif "vcs" in package:
            vcs = package["vcs"]
            inner = f"#subdirectory={vcs['subdirectory']}" if "subdirectory" in vcs else ""
            url = f"{vcs['type']}+{vcs['url']}@{vcs['commit-id']}{inner}"
            lines.append(f"{package['name']} @ {url}")
        elif "archive" in package:
            lines.append(f"{package['name']} @ {package['archive']['url']}")
        else:
            lines.append(f"{package['name']}=={package['version']}")
    return lines, digests


def _digest(asked: Sequence[str], digests: Mapping[str, str]) -> str:
    facts = sorted(f"{line} {digests.get(line, '')}" for line in asked)
    about = [platform.python_version(), sys.platform, platform.machine(), sys.base_prefix]
    return hashlib.sha256("\n".join([*facts, *about]).encode()).hexdigest()[:24]


def _build(place: Path, folder: Path, asked: Sequence[str]) -> None:
    """Build the environment in `place`; the mark comes last, so that a part is never taken."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    pins, report = place / "pins.txt", place / "report.json"
    pins.write_text("".join(f"{line}\n" for line in asked), encoding="utf-8")
    ours = importlib.util.find_spec("pip") is not None  # sparing the environment one of its own
    venv = [sys.executable, "-m", "venv", *(["--without-pip"] if ours else []), str(place / "venv")]
    _command(venv, place, folder)
    python = str(_python(place))
    pip = [sys.executable, "-m", "pip", "--python", python] if ours else [python, "-m", "pip"]
    options = ["--no-deps", "--no-compile", "--no-input", "--disable-pip-version-check"]
    pip += ["install", *options, "--report", str(report), "-r", str(pins)]
    _command(pip, place, folder)
    mark = {"downloads": _downloads(report)}
    beside = place / (MARK + ".part")
    beside.write_text(json.dumps(mark, indent=1), encoding="utf-8")
    beside.replace(place / MARK)


def _command(words: Sequence[str], place: Path, folder: Path) -> None:
    """Run an installer's command in `folder`; what it says goes into the log."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with (place / _LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            words,
            cwd=folder,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    if status:
        lines = (place / _LOG).read_text(encoding="utf-8", errors="replace").splitlines()
        said = next((x for x in reversed(lines) if x.startswith("ERROR")), (lines or [""])[-1])
        raise RunError(
            f"The environment cannot be built: {said.removeprefix('ERROR: ').strip()[:300]}",
            hint=f"check the network and pip's index; all that pip said is in {place / _LOG}; "
            "or run in the present environment, without --fresh-env.",
        )


def _python(place: Path) -> Path:
    inner = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return place.joinpath("venv", *inner)


def _downloads(report: Path) -> dict[str, tuple[str, str]]:
    """Package to (address, sha256) of what pip had from an index or an address."""
    found = {}
    data = json.loads(report.read_text(encoding="utf-8"))
    for entry in data.get("install", []):
        info = entry["download_info"]
        sha256 = info.get("archive_info", {}).get("hashes", {}).get("sha256")
        if sha256 and not entry.get("is_direct"):
            name = entry["metadata"]["name"].lower().replace("_", "-").replace(".", "-")
            found[name] = (info["url"].partition("#")[0], sha256)
    return found


def _unlike(folder: Path, place: Path) -> list[str]:
    """Packages whose installed files are not those that the lock was written for."""
    site = next((place / "venv").glob("lib/python3*/site-packages"), None)
    there = {p.name: p.content for p in packages([str(site or place / "venv/Lib/site-packages")])}
    wanted = {
        package["name"]: package.get("tool", {}).get("proml-lab", {}).get("content")
        for package in read_lock(folder).get("packages", [])
    }
    return sorted(n for n, content in wanted.items() if content and there.get(n) != content)
