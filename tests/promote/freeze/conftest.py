"""Distributions as an installer leaves them, on a search path of their own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Install = Callable[..., Path]


def install(
    site: Path,
    name: str,
    version: str,
    files: Mapping[str, str] | None = None,
    *,
    origin: object = None,
    about: Mapping[str, str] | None = None,
) -> Path:
    """Lay a distribution into `site`, with a RECORD if it has `files`; its .dist-info folder."""
    place = site / f"{name}-{version}.dist-info"
    place.mkdir(parents=True)
    own = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        **(about or {}),
    }
    if origin is not None:
        own["direct_url.json"] = json.dumps(origin)
    for inner, text in own.items():
        (place / inner).write_text(text)
    if files is not None:
        lines = []
        every = {**files, **{f"{place.name}/{inner}": text for inner, text in own.items()}}
        for path, text in every.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            lines.append(f"{path},sha256={digest.decode().rstrip('=')},{len(text)}")
        (place / "RECORD").write_text("\n".join([*lines, f"{place.name}/RECORD,,", ""]))
    return place


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An empty folder to install into; hand ``[str(site)]`` to `packages`."""
    made = tmp_path / "site"
    made.mkdir()
    return made
