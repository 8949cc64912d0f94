"""How the ground that we stand on differs from that of an artifact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from proml_lab.promote.freeze import environment, fresh, machine
from proml_lab.promote.freeze.installed import packages

_FACTS = ("python", "implementation", "system", "machine", "libc", "cpu", "cpu_features", "blas")


def packages_apart(folder: Path) -> Iterator[str]:
    """A line for each package of the lock in `folder` that this environment has otherwise."""
    here = {package.name: package for package in packages()}
    for wanted in fresh.read_lock(folder).get("packages", []):
        name, version = wanted["name"], wanted.get("version", "")
        content = wanted.get("tool", {}).get("proml-lab", {}).get("content", "")
        present = here.get(name)
        if present is None:
            yield f"{name} {version} is not installed here".replace("  ", " ")
        elif version and present.version != version:
            yield f"{name} is {present.version} here, and was {version}"
        elif content and present.content and present.content != content:
            yield f"{name} {version} has other files here"


def machine_apart(folder: Path) -> Iterator[str]:
    """A line for each fact of ``platform.json`` in `folder` that this machine has otherwise."""
    wanted, here = environment.read_platform(folder), machine.machine()
    for name in _FACTS:
        if name in wanted and wanted[name] != here.get(name):
            yield f"{name} is {_words(here.get(name))} here, and was {_words(wanted[name])}"


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
