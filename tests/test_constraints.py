"""The pinned versions: each installs on the oldest Python that the package says it runs on."""

from __future__ import annotations

import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in found}


def test_every_pin_installs_on_the_oldest_python() -> None:
    """Such as Debian 12's 3.11.2, which is older than the newest 3.11."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=") + ".0"
    pinned, refused, n_seen = pins(), [], 0
    for found in distributions():
        version = pinned.get(canonicalize_name(found.name))
        if version != found.version:
            continue
        n_seen += 1
        needs = found.metadata["Requires-Python"] or ""
        if oldest not in SpecifierSet(needs):
            refused.append(f"{found.name} {version} needs Python {needs}")
    assert refused == []
    assert n_seen > 100
