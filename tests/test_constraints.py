"""The pinned versions: each installs on the oldest Python that the package says it runs on."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_every_pin_installs_on_the_oldest_python() -> None:
    """Such as Debian 12's 3.11.2, which is older than the newest 3.11."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=") + ".0"
    refused, n_seen = [], 0
    for name, version in pins().items():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        n_seen += version == found.version
        needs = found.metadata.get("Requires-Python", "")
        if version == found.version and oldest not in SpecifierSet(needs):
            refused.append(f"{name} {version} needs Python {needs}")
    assert refused == []
    assert n_seen > 100
